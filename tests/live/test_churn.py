# SPDX-License-Identifier: MIT
"""A program that starts and ends goroutines as fast as it can: no line may be wrong."""

import re

import views
from harness import FEW, case

# What a stack may be (fixtures/churn/main.go): calls of the standard library's depths (and of
# read(2)), then one of the program's own, then the function that the compiler makes of "go f(x)"
# since Go 1.17, which is there only in stacks that show nothing else.
STACKS = re.compile(
    r"^(?:(?:runtime|sync|internal)(?:/\w+)*\.\S+ |gosave_systemstack_switch |gogo )*"
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


@case(seconds=2)
def non_blocking(t):
    """On all versions together a thousand dumps."""
    with t.start("churn") as program:
        dumps(t, program, 56, "--non-blocking")
        t.check(program.ask("x")["started"] > 0, "the target does not answer")


@case()
def blocking(t):
    with t.start("churn") as program:
        dumps(t, program, 20)
        t.check(program.ask("x")["started"] > 0, "the target does not answer")


@case()
def running_ones_have_stacks(t):
    """A stopped target's threads tell where they stand: on the goroutine's own stack, or on the
    scheduler's for a moment, from which the way back is to be found."""
    running = without = 0
    with t.start("churn") as program:
        for _ in range(30):
            for one in t.spy.json("dump", "--pid", program.pid)["goroutines"]:
                if one["status"] == "running":
                    running += 1
                    without += not one["frames"]
    t.check(running > 5, f"only {running} goroutines ran")
    t.check(without * 4 <= running, f"{without} of {running} running goroutines have no stack")


@case(minors=FEW)
def summaries_add_up(t):
    with t.start("churn") as program:
        for options in ([], ["--non-blocking"]):
            for _ in range(20):
                goroutines = t.spy.json("summary", *options, "--pid", program.pid)["goroutines"]
                total = sum(goroutines["by_status"].values())
                t.equal(total, goroutines["count"], "sum of by_status")


# What the runners of fixtures/churn/relay.go are called with, and who wakes them.
RELAY = re.compile(r"^main\.(left|right|baton|pause)\(0x([0-9a-f]+)(\??)", re.MULTILINE)
RUNNERS = 300
# Go 1.21 does not keep the number where a traceback looks for it ("?").
RELAYED = tuple(minor for minor in FEW if minor != 21) + (22,)


def relay_adds_up(t, *options, dumps=40):
    """Stacks are partly copied before the target is stopped; none may be older than the stop."""
    whole = 0
    with t.start("churn", f"-relay={RUNNERS}", *options) as program:
        for _ in range(dumps):
            text = t.spy.text("dump", "--user", "--pid", program.pid)
            times, sums = [], []
            for function, number, dead in RELAY.findall(text):
                if not dead:
                    (times if function in ("left", "right") else sums).append(int(number, 16))
            if len(times) != RUNNERS or len(sums) != 1:
                continue  # one is on its way
            whole += 1
            # Whom the baton wakes has arrived, or not yet.
            if not t.check(sum(times) - sums[0] in (0, 1), f"{sum(times)} wakes of {sums[0]}"):
                return
    t.check(whole > dumps / 10, f"only {whole} of {dumps} dumps have all runners")


@case(minors=RELAYED)
def relay_at_full_speed(t):
    relay_adds_up(t)


@case(minors=RELAYED)
def relay_of_marked_ones(t):
    """The collector has noted since when the runners wait."""
    relay_adds_up(t, "-collect", "-burst=16")


@case(minors=RELAYED)
def relay_in_bursts(t):
    """Somebody is woken as often as makes g.trackingSeq the same again, then all is quiet."""
    relay_adds_up(t, "-rest=2ms")
