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


STACK_SPAN = 32 << 10


def compare(t, flushed=False):
    """ReadMemStats flushes the Ps' caches of free stacks before it counts, so that whole spans of
    stacks may go back to the heap by its own doing: to be seen until it was called once."""
    summary = t.spy.json("summary", "--pid", t.pid)
    truth = t.program.ask("m")["memstats"]
    given_back = 0 if flushed else summary["memory"]["stack_inuse"] - truth["StackInuse"]
    if given_back > 0 and given_back % STACK_SPAN == 0:
        truth["StackInuse"] += given_back
        truth["HeapSys"] -= given_back
    for part, fields in FIELDS.items():
        for name, field in fields.items():
            t.equal(summary[part][name], truth[field], f"{part}.{name}")
    return summary


@case(program="heap", shared=False, flavours=("default", "pie"))
def equals_memstats(t):
    summary = compare(t)
    t.equal(summary["gc"]["percent"], 100, "gc.percent")
    t.equal(summary["gc"]["memory_limit"], NO_LIMIT if t.minor >= 19 else None, "gc.memory_limit")
    compare(t, flushed=True)


@case(program="heap", shared=False, env={"GOMEMLIMIT": "12MiB"})
def equals_memstats_under_a_limit(t):
    if t.minor < 19:
        raise Skip("GOMEMLIMIT came with Go 1.19")
    t.equal(compare(t)["gc"]["memory_limit"], 12 << 20, "gc.memory_limit")


@case(program="heap", shared=False, arguments=("-gogc=-1", "-ballast=64"), env={"GOMAXPROCS": "8"})
def equals_memstats_with_ballast_and_eight_ps(t):
    t.equal(compare(t)["gc"]["percent"], -1, "gc.percent")
