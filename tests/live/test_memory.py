# SPDX-License-Identifier: MIT
"""Memory and collector figures against the program's own runtime.ReadMemStats, byte for byte."""

from harness import Skip, case

FIELDS = {
    "memory": {
        "heap_alloc": "HeapAlloc", "heap_inuse": "HeapInuse", "heap_sys": "HeapSys",
        "stack_inuse": "StackInuse", "sys": "Sys",
    },
    "gc": {
        "cycles": "NumGC", "forced": "NumForcedGC", "last_at": "LastGC", "next_heap": "NextGC",
        "pause_total_ns": "PauseTotalNs",
    },
}
NO_LIMIT = 2**63 - 1
TRIES = 10  # one in five fails on two busy processors


def differences(t, program):
    """What a look from outside and the ReadMemStats after it do not agree on."""
    summary = t.spy.json("summary", "--pid", program.pid)
    truth = program.ask("m")["memstats"]
    wrong = [
        f"{part}.{name} is {summary[part][name]}, should be {truth[field]}"
        for part, fields in FIELDS.items()
        for name, field in fields.items()
        if summary[part][name] != truth[field]
    ]
    return summary, wrong


def compare(t, *arguments, env=None):
    """The first look, when the Ps hold what nobody has counted yet; and the second, when not.

    To answer, the program has to wake up, which on a busy machine may make it start a thread, and
    take memory, between the look and the answer: so it gets some tries, each a new process."""
    for _ in range(TRIES):
        program = t.start("heap", *arguments, flavour=t.flavour, env=env)
        try:
            summary, wrong = differences(t, program)
            if not wrong:
                _, wrong = differences(t, program)
        finally:
            program.stop()
        if not wrong:
            return summary
    t.check_none(wrong)
    return summary


@case(flavours=("default", "pie", "stripped"))
def equals_memstats(t):
    summary = compare(t)
    t.equal(summary["gc"]["percent"], 100, "gc.percent")
    t.equal(summary["gc"]["memory_limit"], NO_LIMIT if t.minor >= 19 else None, "gc.memory_limit")


@case()
def equals_memstats_under_a_limit(t):
    if t.minor < 19:
        raise Skip("GOMEMLIMIT came with Go 1.19")
    summary = compare(t, env={"GOMEMLIMIT": "12MiB"})
    t.equal(summary["gc"]["memory_limit"], 12 << 20, "gc.memory_limit")


@case()
def equals_memstats_with_ballast_and_eight_ps(t):
    summary = compare(t, "-gogc=-1", "-ballast=64", env={"GOMAXPROCS": "8"})
    t.equal(summary["gc"]["percent"], -1, "gc.percent")
