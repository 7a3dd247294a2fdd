# SPDX-License-Identifier: MIT
"""The target is left as it was found, whatever happens to spy."""

import contextlib
import os
import random
import signal
import subprocess
import time

from harness import FEW, SPY, case


def tracer_of(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status") as status:
        return [line.split()[1] for line in status if line.startswith("TracerPid")][0]


def states(program):
    """The state of each thread: {"123": "S"}."""
    found = {}
    for thread in program.threads():
        with contextlib.suppress(OSError):  # it may have ended
            with open(f"/proc/{program.pid}/task/{thread}/stat") as stat:
                found[thread] = stat.read().rpartition(")")[2].split()[0]
    return found


def check_untouched(t, program, what):
    for thread in program.threads():
        with contextlib.suppress(OSError):
            t.equal(tracer_of(program.pid, thread), "0", f"tracer of a thread {what}")
    stopped = [thread for thread, state in states(program).items() if state in "tT"]
    t.equal(stopped, [], f"stopped threads {what}")


def kill_at_random(t, program, times):
    """Kills spy at random moments of its work; the target answers each time."""
    chance = random.Random(program.pid)
    start = time.monotonic()
    t.spy.text("dump", "--pid", program.pid)
    usual = time.monotonic() - start
    for _ in range(times):
        spy = subprocess.Popen(
            [SPY, "dump", "--pid", str(program.pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0, usual))
        spy.kill()
        spy.wait()
        if program.ask("count").get("num_goroutine") is None:
            t.check(False, "the target does not answer")
            return
    check_untouched(t, program, f"after {times} kills")


@case(seconds=1)
def killed_while_it_looks(t):
    """On all versions together a thousand times."""
    with t.start("many", "-n=2000", "-watch") as program:
        kill_at_random(t, program, 56)


@case(minors=FEW)
def found_sleeping(t):
    with t.start("blocks") as program:
        before = states(program)
        for command in ("summary", "dump"):
            t.spy.text(command, "--pid", program.pid)
            check_untouched(t, program, f"after {command}")
        t.equal(states(program).keys(), before.keys(), "threads")
        t.equal(program.ask("stack")["num_goroutine"], program.ready["num_goroutine"], "count")


@case(minors=FEW)
def found_stopped(t):
    """Stopped by SIGSTOP before: looked at, and still stopped after; SIGCONT brings it back."""
    with t.start("many", "-n=10") as program:
        program.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: program.state() == "T")
        seen = t.spy.json("dump", "--pid", program.pid)
        t.equal(len(seen["goroutines"]), 11, "goroutines of a stopped process")
        wait_for(lambda: program.state() == "T")  # a thread goes back to it by itself
        time.sleep(0.05)
        t.equal(program.state(), "T", "state a little later")
        program.process.send_signal(signal.SIGCONT)
        t.equal(program.ask("count")["num_goroutine"], 11, "goroutines after SIGCONT")


@case(minors=FEW)
def signal_pending(t):
    """Signals that arrive while spy looks reach the target: none is lost."""
    with t.start("threads") as program:
        for _ in range(20):
            spy = subprocess.Popen(
                [SPY, "dump", "--pid", str(program.pid)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(50):
                os.kill(program.pid, signal.SIGWINCH)
            spy.wait()
        check_untouched(t, program, "after signals")
        t.check(program.ask("x")["made"] > 0, "the target does not answer")
        spy = subprocess.Popen(
            [SPY, "dump", "--pid", str(program.pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.kill(program.pid, signal.SIGTERM)
        spy.wait()
        program.process.wait(10)
        t.equal(program.process.returncode, -signal.SIGTERM, "exit status after SIGTERM")


@case(minors=FEW)
def threads_come_and_go(t):
    with t.start("threads", "-steady=50", "-churn=4") as program:
        for _ in range(30):
            dump = t.spy.json("dump", "--pid", program.pid)
            staying = [
                one
                for one in dump["goroutines"]
                if any(frame["function"] == "main.stay" for frame in one["frames"])
            ]
            t.equal(len(staying), 50, "goroutines that stay")
            t.check(all(one["locked_to_thread"] for one in staying), "locked_to_thread is lost")
        check_untouched(t, program, "after 30 dumps")


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it does not happen")
        time.sleep(0.005)
