# SPDX-License-Identifier: MIT
"""`spy stats` against the program's own runtime.ReadMemStats: every member, byte for byte; `spy
gctrace` against its own lines."""

import bisect
import collections
import json
import re
import signal
import subprocess
import threading
import time

from harness import FEW, SPY, Skip, case

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


@case(flavours=("default", "pie", "stripped"))
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


def states_of(stats):
    names = ("Running", "Runnable", "InSyscall", "Waiting")
    return [stats[f"Goroutines{name}"] for name in names]


@case(program="blocks", flavours=("default", "stripped"))
def goroutines_by_state(t):
    """As a look at each of them finds them: timers of the runtime may change theirs meanwhile."""
    for _ in range(TRIES):
        counted = collections.Counter(
            one["status"] for one in t.spy.json("dump", t.pid, "--system")["goroutines"])
        want = [counted[name] for name in ("running", "runnable", "syscall", "waiting")]
        both = [t.spy.json("stats", t.pid, "--count", 1, *how) for how in ((), ("--blocking",))]
        if [states_of(stats) for stats in both] == [want, want]:
            break
    for stats in both:
        t.equal(states_of(stats), want, "running, runnable, in system calls, waiting")
        t.equal(stats["warnings"], [], "warnings")


def busy_enough(lines):
    """The processors may be another's for a while, and the collector runs in between."""
    rows = [states_of(json.loads(line)) for line in lines]
    return sum(row[0] == 2 and row[1] >= 1 for row in rows) >= 20


@case(minors=FEW, seconds=1)
def goroutines_at_work(t):
    """Four that always want to run, on two Ps."""
    program = t.start("heap", "-load=4", flavour=t.flavour, env={"GOMAXPROCS": "2"})
    drain = Drain(program)
    try:
        _, lines, _ = followed("stats", program, busy_enough, "--json", "--interval", "5ms")
    finally:
        drain.stop()
    rows = [states_of(json.loads(line)) for line in lines]
    t.check(None not in sum(rows, []), "some states are unknown")
    t.check(all(row[0] <= 2 for row in rows), f"more than two run: {rows}")
    t.check(busy_enough(lines), f"of {len(rows)} rows few are busy: {rows[:9]}")


@case(program="blocks", minors=tuple(range(17, 30)))
def latencies_are_those_of_runtime_metrics(t):
    for _ in range(TRIES):
        stats = t.spy.json("stats", t.pid, "--count", 1)
        histogram = t.spy.json("metrics", t.pid)["metrics"]["/sched/latencies:seconds"]
        if sum(histogram["counts"]) == stats["SchedLatencies"]:
            break
    t.equal(stats["SchedLatencies"], sum(histogram["counts"]), "how many there are")
    last = max(i for i, count in enumerate(histogram["counts"]) if count)
    t.equal(stats["SchedLatencyMaxNs"], round(histogram["buckets"][last + 1] * 1e9), "the longest")
    t.check(stats["SchedLatencyP50Ns"] <= stats["SchedLatencyP99Ns"] <= stats["SchedLatencyMaxNs"],
            "they are not in order")


def collections_in(lines):
    first, last = (json.loads(lines[i])["NumGC"] or 0 for i in (0, -1))
    return last - first


@case(minors=FEW, seconds=1)
def pauses_are_those_of_memstats(t):
    program = t.start("heap", "-load=2", flavour=t.flavour)
    drain = Drain(program)
    try:
        _, lines, _ = followed("stats", program, lambda lines: collections_in(lines) > 10,
                               "--json", "--whole", "--interval", "20ms")
    finally:
        drain.stop()
    rows = [json.loads(line) for line in lines]
    t.check(collections_in(lines) > 10, "it did not collect")
    for before, row in zip(rows, rows[1:]):
        numbers = range(before["NumGC"] + 1, row["NumGC"] + 1)
        want = [{"ended_at": row["PauseEnd"][(n + 255) % 256],
                 "ns": row["PauseNs"][(n + 255) % 256]} for n in numbers]
        t.equal(row["Pauses"], want, "pauses")
        t.check(all(before["time"] - before["reading_ns"] <= one["ended_at"] <= row["time"]
                    for one in row["Pauses"]), "a pause is not of its row")


COUNTERS = ("TotalAlloc", "Mallocs", "Frees", "NumGC", "PauseTotalNs")


class Drain:
    """Reads all that a program prints; unread it would stand still when its pipe is full."""

    def __init__(self, program):
        self.program, self.lines = program, []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while True:
                self.lines.append(self.program.next())
        except (EOFError, TimeoutError, ValueError, OSError):
            pass

    def stop(self):
        self.program.process.kill()
        self.thread.join()
        self.program.stop()


def followed(command, program, enough, *arguments, seconds=20):
    """What spy prints until enough(lines) is true, or that many seconds have passed: then it is
    interrupted. Its status, its lines, and those of its standard error."""
    spy = subprocess.Popen([SPY, command, "--pid", str(program.pid), *arguments],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    late = threading.Timer(seconds, spy.send_signal, [signal.SIGINT])
    late.start()
    lines, interrupted = [], False
    for line in spy.stdout:
        lines.append(line.rstrip("\n"))
        if not interrupted and enough(lines):
            spy.send_signal(signal.SIGINT)
            interrupted = True
    late.cancel()
    told = spy.stderr.read().splitlines()
    spy.wait(30)
    return spy.returncode, lines, told


def between(own, row):
    """The values that the counters of a row must lie between: what the program read of itself before
    and after; None where it did not."""
    first = bisect.bisect_right([line[1] for line in own], row["time"] - row["reading_ns"]) - 1
    last = bisect.bisect_left([line[0] for line in own], row["time"])
    return (own[first][2:], own[last][2:]) if first >= 0 and last < len(own) else None


@case(seconds=1)
def no_reading_is_torn(t):
    """Not stopped, of a program that allocates and turns the ring of heapStats without end."""
    program = t.start("heap", "-load=2", flavour=t.flavour, env={"GOMAXPROCS": "4"})
    drain = Drain(program)
    try:
        status, lines, _ = followed("stats", program, lambda lines: len(lines) == 250,
                                    "--json", "--interval", "2ms")
    finally:
        drain.stop()
    t.equal(status, 0, "exit status")
    rows = [json.loads(line) for line in lines]
    t.check(len(rows) >= 250, f"only {len(rows)} rows")
    known = 0
    for row in rows:
        bounds = between(drain.lines, row)
        for name, low, high in zip(COUNTERS, *bounds) if bounds else ():
            if row[name] is not None:
                known += 1
                t.check(low <= row[name] <= high,
                        f"{name} is {row[name]}, should be from {low} to {high}: {row['warnings']}")
        # A worker of the collector is on the list before it is counted as the runtime's own
        # (proc.go: newproc1): at that moment runtime.NumGoroutine() counts it, too.
        t.check(row["NumGoroutine"] in (4, 5), f"NumGoroutine is {row['NumGoroutine']}")
    t.check(known > 100, f"only {known} values could be compared")


@case(seconds=1)
def gctrace_prints_the_lines_of_the_runtime(t):
    program = t.start("heap", "-load=2", flavour=t.flavour, env={"GODEBUG": "gctrace=1"})
    drain = Drain(program)
    try:
        status, ours, told = followed("gctrace", program, lambda lines: len(lines) == 10)
        time.sleep(0.1)
        own = {line.split()[1]: line for line in program.stderr().splitlines()
               if re.match(r"gc \d+ @", line)}
    finally:
        drain.stop()
    t.equal(status, 0, "exit status")
    t.check(len(ours) >= 10, f"only {len(ours)} lines")
    for line in ours:
        t.equal(line, own.get(line.split()[1]), "the line")
    numbers = [int(line.split()[1]) for line in ours]
    for line in told:
        first, last = re.fullmatch(r"spy: warning: gc (\d+)(-\d+)? w\w+ missed", line).groups()
        numbers += range(int(first), int((last or "-" + first)[1:]) + 1)
    numbers.sort()
    t.equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "told, or told to be missed")


@case()
def a_program_that_ends_ends_it(t):
    program = t.start("heap", flavour=t.flavour)
    threading.Timer(0.3, program.process.kill).start()
    done = t.spy.run("stats", "--pid", program.pid, "--interval", "20ms")
    program.stop()
    t.equal(done.returncode, 3, "exit status")
    t.check(len(done.stdout.splitlines()) > 3, f"only {done.stdout!r}")
    t.check(re.fullmatch(r"spy: .*\b\d+ rows? before that\n", done.stderr), f"said {done.stderr!r}")
