#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`spy top` on a terminal, over a stored core, of which everything is known: what each size and kind
of terminal shows, what each key does. Over live processes: tests/live/test_top.py."""

import os
import pathlib
import re
import signal
import sys
import tempfile
import threading

from helper import ROOT, Screen, contains, equal, main, true

sys.path.append(str(ROOT / "tests/replay"))
import test_replay as replays  # noqa: E402

# The core of the blocks fixture of Go 1.27, from tests/replay: opened once, read by all.
LOCK = threading.Lock()
KEYS = "? help"
# Its goroutines by what they wait for, as the program itself said.
REASONS = {"chan receive": 88, "sync.Mutex.Lock": 4, "select": 4, "IO wait": 4, "syscall": 3,
           "chan send": 2}


def top(*arguments, **options):
    with LOCK:
        core, _ = replays.replay("go1.27.4")
    screen = Screen(["top", *core, *arguments], **options)
    screen.wait("goroutines")
    screen.wait(KEYS)
    return screen


def quit_well(screen, key="q"):
    screen.keys(key)
    equal(screen.exit_status(), 0, "exit status")
    equal(screen.stderr(), "", "standard error")


def table(text):
    """The rows of the table: what stands between its titles and the last line."""
    lines = text.splitlines()
    titles = next(i for i, line in enumerate(lines) if re.search(r"\bCPU%", line) and "STATES" in line)
    return [line for line in lines[titles + 1:-1] if line.strip()]


def test_three_sizes():
    for columns, rows in ((80, 24), (120, 40), (250, 80)):
        with top("--group", "wait_reason", columns=columns, rows=rows) as screen:
            text = screen.text()
            lines = text.splitlines()
            equal(len(lines), rows, "rows")
            true(max(map(len, lines)) <= columns, "wide lines")
            for part in ("go1.27.4", "Goroutines [", "112]", "waiting 109", "syscall 3", "Ps running [",
                         "Heap ", "GOMAXPROCS 2", "cycles 1", "not stopped", "unread 0.00%",
                         "by wait reason  14 rows, 113 of 119 goroutines", "COUNTv", "WAITS FOR"):
                contains(text, part)
            counts = {}
            for line in table(text):
                fields = re.match(r" *(\d+) +- +0\.0 (\w+) +- (.+?)(  |$|…| -| main)", line)
                true(fields, f"a row: {line!r}")
                counts[fields[3].strip()] = int(fields[1])
            for reason, count in REASONS.items():
                equal(counts.get(reason), count, reason)
            if columns == 250:
                contains(text, "main.selects.func4")
                contains(text, "fixtures/blocks/channels.go:122")
            quit_well(screen)


def test_groups_by_keys():
    titles = ("by function", "by stack", "by creator", "by wait reason", "by labels", "goroutines  ")
    with top(columns=160, rows=30) as screen:
        contains(screen.text(), "main.methods.gowrap1")
        for key, title in zip("123456", titles):
            screen.keys(key)
            screen.wait(lambda text, title=title: title in text and "reading ..." not in text)
        contains(screen.text(), "runtime.main")
        screen.keys("g")
        screen.wait("by function")
        screen.keys("BTab")
        screen.wait("goroutines  113 rows")
        screen.keys("2")
        text = screen.wait(lambda text: "by stack" in text and "main.(*leaf).wait" in text)
        contains(text, "chan receive")
        screen.keys("3")
        text = screen.wait(lambda text: "by creator" in text and "main.start" in text)
        contains(text, "2 sys, 8")
        quit_well(screen)


def test_labels_one_by_one():
    with top("--group", "label", columns=160, rows=30) as screen:
        contains(screen.text(), "outer=o")
        screen.keys("L")
        text = screen.wait(re.compile(r"by labels \S+ "))
        screen.keys("L")
        screen.wait(lambda now: now != text)
        quit_well(screen)


def test_filter_as_you_type():
    with top(columns=120, rows=30) as screen:
        screen.keys("/")
        screen.wait("Filter:")
        screen.type("wait:sel")
        text = screen.wait(re.compile(r"5 rows, 5 of 119 goroutines  filter: wait:sel"))
        true(all("main.selects" in line or "main.timers" in line for line in table(text)), text)
        screen.type("zzz")
        screen.wait("0 rows, 0 of 119")
        screen.keys("BSpace", "BSpace", "BSpace")
        screen.wait("5 rows")
        screen.keys("Enter")
        screen.wait(KEYS)
        contains(screen.text(), "filter: wait:sel")
        screen.keys("Escape")
        screen.wait("113 of 119")
        true("filter:" not in screen.text().replace("/ filter", ""), "the filter is away")
        quit_well(screen)


def test_system_goroutines():
    with top(columns=120, rows=40) as screen:
        screen.keys("H")
        screen.wait("119 of 119")
        screen.keys("K")
        screen.wait("113 of 119")
        quit_well(screen)


def first_column(screen, what):
    return screen.wait(lambda text: table(text) and what in table(text)[0])


def test_sorting():
    with top("--group", "goroutine", "--sort", "id", columns=140, rows=30) as screen:
        contains(screen.text(), "ID^")
        first_column(screen, "runtime.main")
        screen.keys("I")
        screen.wait("IDv")
        true("runtime.main " not in table(screen.text())[0], "the last comes first")
        screen.keys(">")
        screen.wait("CPU%v")
        screen.keys("<")
        screen.wait("ID^")
        lines = screen.text().splitlines()
        row = next(i for i, line in enumerate(lines) if "STATES" in line)
        screen.press(row, lines[row].index("FUNCTION") + 2)
        screen.wait("FUNCTION^")
        first_column(screen, "main.calls.func1")
        screen.press(row, lines[row].index("FUNCTION") + 2)
        screen.wait("FUNCTIONv")
        quit_well(screen)


def test_moving_and_looking():
    with top("--group", "wait_reason", columns=100, rows=30) as screen:
        screen.keys("End")
        screen.wait(KEYS)
        screen.keys("Home", "Down", "Enter")  # sync.Mutex.Lock, of four
        text = screen.wait("internal/sync.(*Mutex).lockSlow(")
        contains(text, "4 goroutines")
        contains(text, "waits on the lock at 0x")
        first = re.search(r"goroutine (\d+): ", text)[1]
        screen.keys("Down")
        screen.wait(lambda now: re.search(r"goroutine (\d+): sync", now)
                    and re.search(r"goroutine (\d+): ", now)[1] != first and "lockSlow" in now)
        screen.keys("u")  # with the frames of the runtime
        screen.wait("runtime.gopark")
        screen.keys("PPage", "NPage", "NPage", "NPage")
        screen.wait("created by main.start in goroutine 1")
        screen.keys("Escape")
        screen.wait("by wait reason")
        lines = screen.text().splitlines()
        row = next(i for i, line in enumerate(lines) if "chan send" in line)
        screen.press(row, 5)
        screen.press(row, 5)  # a double click
        screen.wait("waits on a chan")
        quit_well(screen)


def test_variables_of_frames():
    """The core's program has symbols and no DWARF: why there are none is said once."""
    with top("--filter", "main.locks.func4", columns=100, rows=40) as screen:
        screen.keys("Enter")
        text = screen.wait("main.locks.func4")
        screen.wait(lambda text: text.count("DWARF") == 1)
        screen.keys("l")
        screen.gone("DWARF")
        true(text, "")
        quit_well(screen)


def test_search():
    with top(columns=120, rows=20) as screen:
        screen.keys("F3")
        screen.wait("Search:")
        screen.type("SELECTS")
        screen.keys("Enter")
        screen.wait("main.selects.func")
        screen.keys("n", "n", "N", "C-f")
        screen.wait("Search:")
        screen.type("nowhere at all")
        screen.wait("Search: nowhere")
        screen.keys("Enter")
        screen.wait("nothing has")
        quit_well(screen)


def test_help_freeze_interval_save():
    with tempfile.TemporaryDirectory() as folder, top(columns=90, rows=24) as screen:
        screen.keys("?")
        screen.wait("spy top: keys")
        screen.keys("End")
        screen.wait("WAIT is what the collector noted")
        screen.keys("x")
        screen.gone("spy top: keys")
        screen.keys("s")
        screen.wait("FROZEN")
        screen.keys("Space")
        screen.gone("FROZEN")
        screen.keys("+")
        screen.wait("a reading each 5.0s")
        screen.keys("-")
        screen.wait("a reading each 2.0s")
        screen.keys("d")
        screen.wait("Interval")
        screen.type("750ms")
        screen.keys("Enter")
        screen.wait("a reading each 750.0ms")
        path = pathlib.Path(folder, "screen.txt")
        for word in ("written to", "File exists"):
            screen.keys("w")
            screen.wait("Write to:")
            screen.keys("C-u")
            screen.type(str(path))
            screen.keys("Enter")
            screen.wait(word)
        contains(path.read_text(), "by function  84 rows, 113 of 119 goroutines")
        quit_well(screen, "F10")


def test_the_size_changes():
    with top(columns=80, rows=24) as screen:
        screen.resize(200, 50)
        screen.wait(lambda text: len(text.splitlines()) == 50 and "CREATED BY" in text)
        for columns, rows in ((40, 12), (20, 3), (1, 1), (7, 30), (300, 4)):
            screen.resize(columns, rows)
            screen.wait(lambda text, rows=rows: len(text.splitlines()) == rows)
            screen.keys("Down", "?", "x", "Enter", "Escape", "6", "1")
        screen.resize(100, 30)
        screen.wait("by function")
        quit_well(screen)


def test_kinds_of_terminals():
    for name in ("xterm-256color", "screen", "linux", "vt100"):
        with top(env={"TERM": name}) as screen:
            contains(screen.text(), "main.methods.gowrap1"[:4])
            coloured = re.search(r"\x1b\[[0-9;]*3[0-7]", screen.styled())
            equal(bool(coloured), name != "vt100", f"colours on {name}")
            screen.keys("Down")
            quit_well(screen)
    with top(env={"NO_COLOR": "1"}) as screen:
        true(not re.search(r"\x1b\[[0-9;]*[34][0-7]", screen.styled()), "NO_COLOR")
        contains(screen.text(), "[ssww")  # the parts of a bar have letters
        quit_well(screen)
    with top("--color=always", env={"NO_COLOR": "1"}) as screen:
        true(re.search(r"\x1b\[[0-9;]*3[0-7]", screen.styled()), "--color=always")
        quit_well(screen)
    with Screen(["top", *replays.replay("go1.27.4")[0]], env={"TERM": "dumb"}) as screen:
        equal(screen.exit_status(), 2)
        contains(screen.stderr(), "cannot show a screen")


def test_ascii():
    with top("--group", "label", columns=120, rows=40, env={"LC_ALL": "C"}) as screen:
        text = screen.text()
        true(text.isascii(), f"not ASCII: {text}")
        contains(text, "utf-8=gr\\xc3")
        screen.keys("?")
        true(screen.wait("spy top: keys").isascii(), "help")
        screen.keys("x")
        quit_well(screen)


def test_hostile_names():
    """Labels with a newline, bytes that are no UTF-8, a value of 9 KB: aligned, and harmless."""
    with top("--group", "label", columns=140, rows=30) as screen:
        text = screen.text()
        title = next(line for line in text.splitlines() if "LABELS" in line)
        at = title.index("LABELS")
        for line in table(text):
            equal(line[at - 1], " ", f"the gap before the labels in {line!r}")
            true(line[at] != " ", f"the labels of {line!r}")
        contains(text, "k\\n")
        true(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), "control characters")
        quit_well(screen)


def test_only_what_changes_is_written():
    with top(columns=120, rows=40) as screen:
        screen.record()
        screen.keys("Down")
        screen.wait(lambda text: True)
        for _ in range(5):
            screen.keys("r")  # reads the core again: nothing is new
        screen.keys("?")
        screen.wait("spy top: keys")
        screen.keys("x")
        screen.gone("spy top: keys")
        quit_well(screen)
        written = screen.written().split(b"spy top: keys")[0]
        true(len(written) < 1500, f"{len(written)} bytes: {written[:3000]}")
        true(b"\x1b[2J" not in written and b"\x1b[H\x1b[J" not in written, "cleared")


def test_the_terminal_is_given_back():
    for number, status in ((signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 0),
                           (signal.SIGSEGV, 139), (signal.SIGABRT, 134), (signal.SIGQUIT, 131),
                           (signal.SIGUSR1, 138)):
        with top() as screen:
            os.kill(screen.pid(), number)
            equal(screen.exit_status(), status, number.name)
            true("by function" not in screen.text(), f"{number.name}: the picture is gone")
    with top() as screen:
        screen.keys("C-c")
        equal(screen.exit_status(), 0)


def test_it_can_be_suspended():
    with top() as screen:
        screen.keys("C-z")
        text = screen.wait("it is suspended")
        true("by function" not in text, text)
        screen.keys("Enter")
        screen.wait(KEYS)
        contains(screen.text(), "by function")
        screen.keys("3")
        screen.wait("by creator")
        quit_well(screen)


if __name__ == "__main__":
    main(globals())
