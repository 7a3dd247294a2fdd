# SPDX-License-Identifier: MIT
"""The invariants of the runtime's variables: they hold where the symbol table says that a variable
is, a scan finds it there or nowhere, and the row of another version is refused."""

import subprocess

from harness import Failed, case, tool

FLAVOURS = ("default", "pie", "cgo", "race")
# What can be told from all else by its content, whatever the program does.
TOLD = ("allgs", "allp", "allm", "sched", "mheap_", "m0", "g0", "buildVersion")
# A patch release that differs from the next in nothing that shows in memory: sizes of structures,
# what is 0 but inside the vDSO, and the second and third of three statistics before they are used.
UNSEEN = ("runtime.m.vdsoSP", "runtime.m.vdsoPC", "runtime.mstats.heapStats.stats",
          "runtime.mstats.heapStats.gen", "runtime.mstats.gcPauseDist")


def ask(t, what):
    """The lines that scan_ask prints, without their first word."""
    done = subprocess.run(
        [tool("scan_ask"), what, str(t.pid)], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise Failed(f"scan_ask {what}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return [line.split("\t")[1:] for line in done.stdout.splitlines()]


@case(program="blocks", flavours=FLAVOURS)
def a_scan_is_right_or_silent(t):
    for names, *found in ask(t, "scan"):
        if names == "time":
            continue
        address, answer, *where = found
        name = names.split("|")[0].removeprefix("runtime.")
        t.check(answer != "WRONG", f"{name} is at {address}, a scan says {where}")
        t.check(name not in TOLD or answer == "right", f"a scan did not find {name}")


@case(program="blocks", flavours=FLAVOURS, turns=2)
def rows_of_other_versions_are_refused(t):
    own, lines = False, ask(t, "rows")
    for _, row, answer, _, fields in lines:
        own |= row == t.version and answer == "accepted"
        differ = [field for field in fields.split()[:-1] if field.count(".") > 1]
        if answer == "accepted":
            t.check(set(differ) <= set(UNSEEN), f"{row} was accepted; other: {differ}")
    t.check(own or t.version not in {row for _, row, *_ in lines}, "its own row was refused")
