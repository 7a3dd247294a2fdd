# SPDX-License-Identifier: MIT
"""`spy watch` over live processes, on a terminal: what it shows is what they do; they are never
stopped, their end is marked, the next one of the name is followed, one is chosen out of a list."""

import contextlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import tempfile
import time

from harness import ROOT, SPY, case
from program import Program

_spec = importlib.util.spec_from_file_location("tui_helper", ROOT / "tests/tui/helper.py")
tui = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tui)

FAST = ("--interval", "50ms")


@contextlib.contextmanager
def named(t, program, name):
    """A copy of a fixture under a name that no other process has."""
    with tempfile.TemporaryDirectory(prefix="spy-watch-") as folder:
        path = pathlib.Path(folder, f"{name}{os.getpid()}")
        shutil.copy(t.path(f"{program}-{t.flavour}"), path)
        yield path


def screen(*arguments, **options):
    return tui.Screen(command=[SPY, "watch", *FAST, *arguments], **options)


def shown(text, title):
    """The first number beside the title of a pane."""
    found = re.search(rf"{title}  (?:■|a) (?:[a-z]+ )?([\d.]+)", text)
    return float(found[1]) if found else None


def was_traced(pid):
    with open(f"/proc/{pid}/status") as status:
        return re.search(r"^TracerPid:\t(\d+)", status.read(), re.M)[1] != "0"


@case(program="blocks", shared=False, once=True)
def it_shows_what_is(t):
    with screen("--pid", t.pid, columns=250, rows=60) as window:
        text = window.wait(lambda text: shown(text, "Goroutines"))
        stats = t.spy.json("stats", t.pid, "--count", 1)
        t.equal(shown(text, "Goroutines"), stats["NumGoroutine"], "goroutines")
        t.equal(shown(text, "Threads"), stats["Threads"], "threads")
        waiting = int(re.search(r"waiting (\d+)", text)[1])
        t.equal(waiting, stats["GoroutinesWaiting"], "waiting goroutines")
        for _ in range(40):
            t.check(not was_traced(t.pid), "it is traced")
            t.check(t.program.state() not in "tT", "it is stopped")
            time.sleep(0.01)
        t.check("live" in text.splitlines()[0], "it is not live")
        window.keys("Space")
        frozen = window.wait("frozen").splitlines()
        time.sleep(0.3)
        # The values of the titles go on no more than the curves do.
        t.equal(window.text().splitlines()[1:], frozen[1:], "the frozen picture")
        window.keys("Space")
        window.wait("live")
        t.program.process.kill()
        t.program.process.wait()
        text = window.wait(re.compile(r"ended \d\d:\d\d:\d\d"))
        t.equal(shown(text, "Goroutines"), stats["NumGoroutine"], "goroutines, afterwards")
        t.check("┊" in text, "its end is not marked")
        time.sleep(0.3)
        t.equal(window.text(), text, "the picture of a process that ended")
        window.keys("q")
        t.equal(window.exit_status(), 0, "exit status")


@case(program="heap", arguments=("-load=1",), shared=False, once=True)
def it_shows_what_is_done(t):
    """A program that allocates: rates, collections, their pauses."""
    os.set_blocking(t.program.process.stdout.fileno(), False)

    def drain():
        with contextlib.suppress(BlockingIOError):
            while os.read(t.program.process.stdout.fileno(), 1 << 20):
                pass

    def busy(text):
        drain()
        return all(re.search(pattern, text) for pattern in (
            r"user [1-9][\d.]*%", r"Allocation  ■ [\d.]+ [MG]iB/s", r"GC  [\d.]+/s  ■ pause [\d.]+",
            r"p99 [\d.]+[mun]?s"))

    with screen("--pid", t.pid, columns=160, rows=50) as window:
        text = window.wait(busy)
        heap = re.search(r"alloc ([\d.]+) ([MK])iB", text)
        t.check(heap, f"no heap: {text}")
        window.keys("q")
        t.equal(window.exit_status(), 0, "exit status")


@case(once=True)
def a_restart_is_followed(t):
    with named(t, "blocks", "followed") as path:
        with screen("--follow", path.name, columns=120, rows=40) as window:
            window.wait(f"{path.name} (awaited)")
            for _ in range(2):
                with Program([path]) as program:
                    text = window.wait(f"{path.name} {program.pid} go1")
                    window.wait(lambda text: shown(text, "Goroutines"))
                window.wait("ended")
            text = window.text()
            # Two ends and a beginning.
            marks = max(line.count("┊") for line in text.splitlines())
            t.check(marks >= 2, f"{marks} marks:\n{text}")
            window.keys("q")
            t.equal(window.exit_status(), 0, "exit status")


@case(once=True)
def one_is_chosen_out_of_a_list(t):
    with named(t, "blocks", "chosen") as path, Program([path]) as one, Program([path]) as two:
        with screen(columns=250, rows=40) as window:
            window.wait("Which processes?")
            window.type("no such process")
            window.wait("no process matches")
            window.keys("C-u")
            window.type(path.name)
            text = window.wait(lambda text: text.count(path.name) == 3)  # and the filter
            t.check(str(one.pid) in text and str(two.pid) in text, text)
            window.keys("Tab", "Tab", "Enter")  # both
            window.wait(lambda text: text.count("CPU ") == 2)
            window.keys("p")
            window.wait("Which processes?")
            window.keys("Escape")  # they stay
            window.wait(lambda text: text.count("CPU ") == 2)
            window.keys("p")
            window.wait("Which processes?")
            window.type(str(two.pid))
            window.wait(lambda text: text.count(path.name) == 1)
            window.keys("Enter")
            window.wait(lambda text: text.count("CPU ") == 1 and str(two.pid) in text)
            window.keys("q")
            t.equal(window.exit_status(), 0, "exit status")
        with screen(path.name, columns=250) as window:
            window.wait(lambda text: text.count(path.name) == 3)
            window.keys("Escape")
            t.equal(window.exit_status(), 0, "exit status where none is chosen")
        with screen("--pid", one.pid, "--pid", two.pid, "--overlay", columns=250) as window:
            window.wait(re.compile(rf"Threads  ■ {one.pid} \d+  ■ {two.pid} \d+"))


@case(program="blocks", once=True)
def what_it_records_is_what_stats_tells(t):
    with tempfile.TemporaryDirectory(prefix="spy-watch-") as folder:
        path = pathlib.Path(folder, "recording")
        with screen("--pid", t.pid, "--record", path, columns=100) as window:
            window.wait("recording")
            while path.read_text().count("\n") < 5:
                time.sleep(0.02)
            window.keys("q")
            t.equal(window.exit_status(), 0, "exit status")
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        stats = t.spy.json("stats", t.pid, "--count", 1)
        t.equal(list(rows[-1]), list(stats), "names")
        t.equal(rows[-1]["NumGoroutine"], stats["NumGoroutine"], "goroutines")
        with screen("--replay", path, columns=100) as window:
            text = window.wait("replayed")
            t.equal(shown(text, "Threads"), rows[-1]["Threads"], "threads")
            t.check(f" {t.pid} {t.version} " in text.splitlines()[0], text.splitlines()[0])
        with screen("--pid", t.pid, "--record", path) as window:
            t.equal(window.exit_status(), 1, "exit status where the file is there")
            t.check("File exists" in window.stderr(), window.stderr())


@case(program="blocks", once=True)
def lines_of_several_processes(t):
    other = t.start("blocks")
    try:
        text = t.spy.text("watch", t.pid, other.pid, "--json", "--count", 3, *FAST)
    finally:
        other.stop()
    rows = [json.loads(line) for line in text.splitlines()]
    t.equal([row["pid"] for row in rows], [t.pid, other.pid] * 3, "pids")
    t.check(all(row["paused_ns"] == 0 for row in rows), "it was stopped")
    done = t.spy.run("watch", t.pid)
    t.equal(done.returncode, 2, "exit status without a terminal")
    t.check("--json" in done.stderr, done.stderr)
