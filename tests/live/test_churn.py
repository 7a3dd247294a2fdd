# SPDX-License-Identifier: MIT
"""A program that starts and ends goroutines as fast as it can: no line may be wrong."""

import re

import views
from harness import FEW, case

# What a stack may be (fixtures/churn/main.go): calls of the runtime and of sync (and of
# read(2)), then one of the program's own, then the function that the compiler makes of "go f(x)" since Go 1.17, which is
# there only in stacks that show nothing else.
STACKS = re.compile(
    r"^(?:(?:runtime|sync|internal/sync|sync/atomic|internal/runtime/\w+)\.\S+ "
    r"|gosave_systemstack_switch |gogo )*"
    r"(?:(?:syscall|internal/poll|os|bufio)\.\S+ )*"
    r"(?:main\.main |main\.breed |main\.childShallow |(?:main\.deeper ){0,41}main\.childDeep )?"
    r"(?:main\.breed(?:\.func\d+|\.gowrap\d+|·dwrap·\d+) )?"
    r"(?:runtime\.goexit )?$"
)
CREATORS = {"main.main", "main.breed"}


def check_dump(t, dump):
    """Every goroutine of the dump is one that can be. Returns how many were looked at."""
    looked = 0
    for one in views.from_json(dump).values():
        functions = [frame.function for frame in one.frames]
        if not functions:
            continue  # it ran or was just born: no stack is better than a wrong one
        user = "".join(f"{name} " for name in functions)
        if not STACKS.match(user):
            t.check(False, f"goroutine {one.id} [{one.state}]: {user}")
        if one.id != 1 and one.created_by and one.created_by.function not in CREATORS:
            t.check(False, f"goroutine {one.id} is created by {one.created_by}")
        looked += 1
    return looked


def dumps(t, program, times, *options):
    looked = torn = 0
    for _ in range(times):
        dump = t.spy.json("dump", "--user", *options, "--pid", program.pid)
        looked += check_dump(t, dump)
        torn += bool(dump.get("warnings"))
        if len(t.problems) > 5:
            return
    t.check(looked > 10 * times, f"only {looked} goroutines in {times} dumps ({torn} torn)")


@case()
def non_blocking(t):
    with t.start("churn") as program:
        dumps(t, program, 20, "--non-blocking")
        t.check(program.ask("x")["started"] > 0, "the target does not answer")


@case()
def blocking(t):
    with t.start("churn") as program:
        dumps(t, program, 20)
        t.check(program.ask("x")["started"] > 0, "the target does not answer")


@case(minors=FEW)
def summaries_add_up(t):
    with t.start("churn") as program:
        for options in ([], ["--non-blocking"]):
            for _ in range(20):
                goroutines = t.spy.json("summary", *options, "--pid", program.pid)["goroutines"]
                total = sum(goroutines["by_status"].values())
                t.equal(total, goroutines["count"], "sum of by_status")


@case(once=True)
def a_thousand_non_blocking(t):
    with t.start("churn") as program:
        dumps(t, program, 1000, "--non-blocking")
        t.check(program.ask("x")["started"] > 0, "the target does not answer")
