# SPDX-License-Identifier: MIT
"""Variables by the code that uses them, held against the symbol table of programs that have one."""

from harness import WITH_DWARF, Failed, case, tool
from test_layouts import run

# What nothing works without (src/runtime_layouts/globals.def). The module data is found by its form;
# since Go 1.26 it lies beside the variables, where no reference is looked for.
REQUIRED = ("allgs", "allp", "allm", "sched", "gomaxprocs")
ELSEWHERE = ("firstmoduledata",)


def check_votes(*arguments):
    wrong = []
    for line in run(tool("reference_rows"), "check", *arguments).splitlines():
        name, result, votes, all_votes = line.split("\t")
        if result not in ("right", "absent") and name not in ELSEWHERE:
            wrong.append(f"{name}: {result}, {votes} of {all_votes} votes")
        elif votes != all_votes:
            wrong.append(f"{name}: only {votes} of {all_votes} votes are right")
        elif name in REQUIRED and int(votes) < 2:
            wrong.append(f"{name}: {votes} votes")
    if wrong:
        raise Failed("\n".join(wrong))


@case(flavours=WITH_DWARF)
def votes_are_unanimous(t):
    check_votes(t.version, t.path(f"blocks-{t.flavour}"))


@case()
def votes_of_other_programs(t):
    for program in ("heap-default", "many-default", "demo-default", "library.so"):
        check_votes(t.version, t.path(program))


@case(program="blocks", flavours=("default", "pie", "cgopie"))
def votes_in_a_process(t):
    check_votes(t.pid)
