# SPDX-License-Identifier: MIT
"""Stacks: frame for frame what the process itself prints of the same moment."""

import gotraceback as go
import views
from harness import ALL, FEW, Skip, case

MAIN = 1  # stands in read(2) when spy looks, and in runtime.Stack when the process looks itself


@case(program="blocks", flavours=ALL)
def user_view_is_runtime_stack(t):
    truth = go.parse(t.program.ask("stack")["stack"])
    dump = t.spy.json("dump", "--user", "--pid", t.pid, *t.bin)
    seen = views.from_json(dump)
    t.equal(dump["pid"], t.pid, "pid")
    t.equal(dump["go_version"], t.program.ready["go_version"], "go_version")
    t.check_none(go.compare(truth, seen, t.silent_limit, but=[MAIN]))
    if t.check(MAIN in seen, "goroutine 1 is missing"):
        functions = [frame.function for frame in seen[MAIN].frames]
        t.equal(functions[-2:], ["main.obey", "main.main"], "outermost frames of goroutine 1")
        t.equal(seen[MAIN].state, "syscall", "state of goroutine 1")


@case(program="blocks", flavours=ALL, turns=2)
def text_reads_as_a_traceback(t):
    """Tools that read Go tracebacks read ours: so does our own reader of them."""
    truth = go.parse(t.program.ask("stack")["stack"])
    seen = go.parse(t.spy.text("dump", "--user", "--pid", t.pid, *t.bin))
    t.check_none(go.compare(truth, seen, t.silent_limit, but=[MAIN]))


@case(program="blocks", flavours=ALL, env={"GOTRACEBACK": "system"}, shared=False)
def full_view_is_the_traceback_of_sigquit(t):
    default = views.from_json(t.spy.json("dump", "--pid", t.pid, *t.bin))
    system = views.from_json(t.spy.json("dump", "--system", "--pid", t.pid, *t.bin))
    text = go.parse(t.spy.text("dump", "--system", "--pid", t.pid, *t.bin))
    truth = go.parse(t.program.quit_with_traceback())
    t.check_none(go.compare(truth, system, t.silent_limit))
    t.check_none(go.compare(truth, text, t.silent_limit))
    t.check(default.keys() < system.keys(), "the default view should be a part of --system")
    t.check_none(go.compare({i: truth[i] for i in default if i in truth}, default, t.silent_limit))


@case(program="blocks", flavours=ALL, turns=2)
def non_blocking_sees_the_same(t):
    stopped = t.spy.json("dump", "--pid", t.pid, *t.bin)
    running = t.spy.json("dump", "--non-blocking", "--pid", t.pid, *t.bin)
    t.equal(running["paused_ns"], 0, "paused_ns of --non-blocking")
    t.check(stopped["paused_ns"] > 0, "paused_ns should not be 0")
    t.equal(running.get("warnings", []), [], "warnings")
    t.check_none(go.compare(views.from_json(stopped), views.from_json(running)))


@case(program="blocks", minors=FEW)
def one_goroutine(t):
    for fact in t.program.ready["goroutines"][:5]:
        seen = t.spy.json("dump", "--goroutine", fact["id"], "--pid", t.pid)["goroutines"]
        t.equal([one["id"] for one in seen], [fact["id"]], "goroutines of --goroutine")


@case(program="blocks", minors=FEW, arguments=["-spin=2"], shared=False)
def running_goroutines(t):
    """Running goroutines are unwound from the registers of their threads."""
    spinning = {f["id"] for f in t.program.ready["goroutines"] if f["name"] == "spinning"}
    t.equal(len(spinning), 2, "spinning goroutines")
    for _ in range(50):
        dump = t.spy.json("dump", "--user", "--pid", t.pid)
        seen = views.from_json(dump)
        threads = {one["id"]: one["thread"] for one in dump["goroutines"]}
        for number in spinning:
            functions = [frame.function for frame in seen[number].frames]
            if seen[number].state == "runnable":
                continue  # preempted for others
            t.equal(seen[number].state, "running", "state of a spinning goroutine")
            t.check(
                functions in (["main.step", "main.spinning"], ["main.spinning"]),
                f"frames of a spinning goroutine: {functions}",
            )
            t.check(threads[number] in t.program.threads(), f"no thread {threads[number]}")


@case(minors=FEW)
def runnable_goroutines(t):
    """Goroutines that are ready and never run: some never ran at all, some were woken."""
    with t.start("blocks", "-mode=runnable") as program:
        truth = go.parse(program.next()["stack"])
        dump = t.spy.json("dump", "--user", "--pid", program.pid)
        if program.ask("")["ran"]:
            raise Skip("the goroutines got to run after all")
        t.check(len(truth) >= 9, f"only {len(truth)} goroutines")
        t.check_none(go.compare(truth, views.from_json(dump), t.silent_limit, but=[MAIN]))


@case(once=True, seconds=20)
def a_hundred_thousand(t):
    with t.start("many", "-n=100000", "-depth=5") as program:
        truth = go.parse(program.ask("stack", seconds=120)["stack"])
        seen = go.parse(t.spy.text("dump", "--user", "--pid", program.pid, seconds=120))
        t.equal(len(seen), 100001, "goroutines")
        t.check_none(go.compare(truth, seen, but=[MAIN]))
