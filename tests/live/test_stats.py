# SPDX-License-Identifier: MIT
"""`spy stats` against the program's own runtime.ReadMemStats: every member, byte for byte."""

from harness import Skip, case

TRIES = 10  # to answer, the program has to wake up, which may make it start a thread


def look(t, program, *arguments):
    return t.spy.json(
        "stats", "--pid", program.pid, "--count", 1, "--blocking", "--whole", *arguments
    )


def differences(stats, truth):
    wrong = []
    for name, want in truth.items():
        got = stats.get(name, "missing")
        if got == want:
            continue
        if isinstance(want, list):
            at = [i for i, pair in enumerate(zip(got, want)) if pair[0] != pair[1]]
            wrong.append(f"{name}[{at[:3]}] is {[got[i] for i in at[:3]]}, "
                         f"should be {[want[i] for i in at[:3]]}")
        elif name != "GCCPUFraction" or abs(got - want) > 1e-15:
            wrong.append(f"{name} is {got}, should be {want}")
    return wrong


def compare(t, *arguments, env=None, looks=3):
    """The first look, when the Ps hold what nobody has counted yet; and others, when not."""
    for _ in range(TRIES):
        program = t.start("heap", *arguments, flavour=t.flavour, env=env)
        try:
            for _ in range(looks):
                stats = look(t, program)
                wrong = differences(stats, program.ask("m")["memstats"])
                wrong += [f"warning: {warning}" for warning in stats["warnings"]]
                if wrong:
                    break
        finally:
            program.stop()
        if not wrong:
            break
    t.check_none(wrong)
    return stats


@case(flavours=("default", "pie"))
def every_member_is_equal(t):
    stats = compare(t)
    t.check(stats["paused_ns"] > 0, "it was not stopped")
    t.equal(stats["LiveObjects"], stats["Mallocs"] - stats["Frees"], "LiveObjects")


@case()
def every_member_is_equal_with_one_p(t):
    compare(t, env={"GOMAXPROCS": "1"})


@case()
def every_member_is_equal_with_ballast_and_eight_ps(t):
    compare(t, "-gogc=-1", "-ballast=64", env={"GOMAXPROCS": "8"})


@case()
def every_member_is_equal_under_a_limit(t):
    if t.minor < 19:
        raise Skip("GOMEMLIMIT came with Go 1.19")
    compare(t, env={"GOMEMLIMIT": "12MiB", "GOMAXPROCS": "2"})
