#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`spy watch` on a terminal, over recordings, of which everything is known: what each size and kind
of terminal shows, what each key does. Over live processes: tests/live/test_watch.py."""

import json
import os
import pathlib
import re
import signal
import tempfile

from helper import Screen, contains, equal, main, true

START = 1_700_000_000  # 2023-11-14 22:13:20 UTC
TITLES = ("CPU", "Goroutines", "Heap", "RSS", "Allocation", "GC", "Latency", "Threads")
FOLDER = tempfile.TemporaryDirectory(prefix="spy-watch-")


def row(second, pid=4321, exe="/srv/bin/shop", **more):
    """What `spy stats --json` would have told at a second."""
    line = {
        "time": (START + second) * 10**9, "pid": pid, "paused_ns": 0, "exe": exe,
        "go_version": "go1.27.4", "interval_ns": 10**9, "warnings": [],
        "CPUPercent": 80.0, "CPUUserPercent": 60.0, "CPUSystemPercent": 20.0,
        "NumGoroutine": 100 + second, "GoroutinesRunning": 2, "GoroutinesRunnable": 5,
        "GoroutinesInSyscall": 3, "GoroutinesWaiting": 95 + second,
        "HeapAlloc": 40 << 20, "HeapInuse": 48 << 20, "NextGC": 64 << 20, "HeapReleased": 8 << 20,
        "RSS": 96 << 20, "AllocBytesPerSecond": 3 << 20, "GCPerSecond": 0.1, "Threads": 12,
        "SchedLatencyP50Ns": 1500, "SchedLatencyP99Ns": 2_000_000,
        "Pauses": [{"ended_at": (START + second) * 10**9 - 500_000_000, "ns": 250_000}]
                  if second % 10 == 0 else [],
    }
    return json.dumps({**line, **more})


def recording(name="usual"):
    """A file with a minute of one process, of two, …"""
    rows = {
        "usual": lambda: [row(second) for second in range(61)],
        "two": lambda: [one for second in range(61) for one in
                        (row(second), row(second, 77, "/srv/bin/bakery", Threads=34))],
        "restarted": lambda: [row(second, *(() if second < 30 else (4400,)))
                              for second in range(61) if second not in range(25, 32)],
        "hostile": lambda: [row(second, exe="/bin/\x1b[31mevil\n\u202e\u0301\u4e16\u754c" * 9)
                            for second in range(61)],
        "unknown": lambda: ['{"time":%d,"pid":5}' % ((START + second) * 10**9)
                            for second in range(61)],
        "long": lambda: [row(second) for second in range(0, 7200, 5)],
    }[name]()
    file, path = tempfile.mkstemp(prefix=name, suffix=".jsonl", dir=FOLDER.name)
    with os.fdopen(file, "w") as writer:
        writer.write("\n".join(rows) + "\n")
    return path


def replayed(name="usual", *arguments, **options):
    screen = Screen(["watch", "--replay", recording(name), *arguments], **options)
    screen.wait("Threads")
    return screen


def quit_well(screen):
    screen.keys("q")
    equal(screen.exit_status(), 0, "exit status")
    equal(screen.stderr(), "", "standard error")


def braille(text):
    return sum("\u2800" < character <= "\u28ff" for character in text)


def test_three_sizes():
    for columns, rows in ((80, 24), (132, 43), (250, 80)):
        with replayed(columns=columns, rows=rows) as screen:
            text = screen.text()
            lines = text.splitlines()
            equal(len(lines), rows, "rows")
            for title in TITLES:
                true(re.search(rf"\b{title}  ", text), f"{title} at {columns}x{rows}:\n{text}")
            contains(lines[0], "shop 4321 go1.27.4")
            contains(lines[0], "2023-11-14 22:14:20")
            for value in ("60.0%", "20.0%", "96.0 MiB", "3.0 MiB/s", "0.1/s", "250.0us", "2.0ms",
                          "1.5us", "12"):
                contains(text, value)
            contains(text, "22:14:00")  # on an axis
            contains(lines[-1], "q quit  ? help")
            true(braille(text) > columns * rows / 8, f"{braille(text)} cells have dots")
            if columns == 250:
                for value in ("user", "system", "all 160", "waiting 155", "syscall 3", "runnable 5",
                              "running 2", "alloc 40.0 MiB", "released 8.0 MiB", "in use 48.0 MiB",
                              "goal 64.0 MiB", "pause", "p99", "p50"):
                    contains(text, value)
            quit_well(screen)


def test_scales_have_units():
    with replayed(columns=132, rows=43) as screen:
        text = screen.text()
        for label in ("80%┤", "200┤", "64M┤", "96M┤", "4M┤", "300us┤", "10ms┤", "1us┤"):
            contains(text, label)


def test_the_size_changes():
    with replayed(columns=80, rows=24) as screen:
        screen.resize(132, 43)
        screen.wait(lambda text: len(text.splitlines()) == 43 and "all 160" in text)
        screen.resize(60, 15)
        text = screen.wait(lambda text: len(text.splitlines()) == 15 and "Goroutines" in text)
        true("Threads" not in text, "there is no room for all")
        screen.keys("BTab")  # the last pane comes in sight
        screen.wait("Threads")
        for columns, rows in ((20, 3), (1, 1), (7, 30)):
            screen.resize(columns, rows)
            screen.wait(lambda text, rows=rows: len(text.splitlines()) == rows)
        screen.resize(100, 30)
        screen.wait("Threads")
        quit_well(screen)


def test_kinds_of_terminals():
    for term, locale, glyphs in (
            ("xterm-256color", "C.UTF-8", "braille"), ("screen", "C.UTF-8", "braille"),
            ("linux", "C.UTF-8", "blocks"), ("vt100", "C.UTF-8", "ascii"),
            ("xterm-256color", "C", "ascii"), ("vt100", "C", "ascii")):
        with replayed(env={"TERM": term, "LC_ALL": locale}, columns=100) as screen:
            text = screen.text()
            what = f"TERM={term} LC_ALL={locale}"
            for value in (*TITLES, "96.0 MiB", "250.0us", "22:14:00"):
                true(value in text, f"{what}: no {value}:\n{text}")
            equal(braille(text) > 0, glyphs == "braille", what)
            equal("\u2588" in text, glyphs == "blocks", what)
            equal(text.isascii(), glyphs == "ascii", what)
            # The curves are there in every case.
            marks = {"braille": "\u28ff", "blocks": "\u2588", "ascii": ":"}[glyphs]
            true(text.count(marks) > 50, f"{what}:\n{text}")
            quit_well(screen)


def test_without_colours():
    with replayed(env={"NO_COLOR": "1"}, columns=132, rows=43) as screen:
        for colour in range(30, 38):
            true(f"\x1b[{colour}m" not in screen.styled(), f"colour {colour}")
        text = screen.text()
        # What colours would tell apart, letters do: in the title, and now and then on the curve.
        true(re.search(r"a all 160  w wait", text), text)
        plot = "\n".join(line for line in text.splitlines() if "┤" in line or "│" in line)
        for letter in "uswaig":
            contains(plot, letter)
    with replayed(columns=132, rows=43) as screen:
        contains(screen.styled(), "\x1b[32m")
    with replayed("usual", "--color=never", columns=132, rows=43) as screen:
        true("\x1b[32m" not in screen.styled(), "coloured")


def test_the_cursor_tells_values():
    with replayed(columns=100) as screen:
        screen.keys("Left")
        screen.wait("at  2023-11-14 22:14:20")
        screen.keys("{", "{")
        text = screen.wait(re.compile(r"at  2023-11-14 22:13:5\d"))
        second = int(re.search(r"at  2023-11-14 22:13:(5\d)", text)[1]) - 20
        number = int(re.search(r"Goroutines  (?:■ (?:all )?|a )(\d+)", text)[1])
        true(abs(number - (100 + second)) <= 1, f"{number} goroutines at second {second}")
        contains(text, "│")
        screen.keys("Right")
        screen.keys("Escape")
        screen.wait("to  2023-11-14 22:14:20")
        quit_well(screen)


def test_the_mouse():
    with replayed(columns=100) as screen:
        screen.press(3, 80)  # in the second pane, at two thirds of its time
        text = screen.wait(re.compile(r"at  2023-11-14 22:13:5\d|at  2023-11-14 22:14:0\d"))
        screen.press(3, 80)
        screen.press(3, 80)  # twice in the same place
        screen.gone("Threads")
        true("Goroutines" in screen.text(), "another pane has the screen")
        screen.type("\x1b[<65;30;4M")  # the wheel
        text = screen.wait(" 2m ")
        contains(text, "frozen" if "frozen" in text else "at ")
        screen.keys("Enter")
        screen.wait("Threads")
        quit_well(screen)


def test_zoom_and_pan():
    with replayed("long", columns=100) as screen:
        contains(screen.text().splitlines()[0], " 1h ")
        screen.keys("+", "+", "+")
        screen.wait(" 10m ")
        screen.keys("-")
        screen.wait(" 15m ")
        screen.keys("<")
        text = screen.wait("frozen")
        screen.keys("Home")
        text = screen.wait(re.compile(r"22:17:0\d"))  # a quarter of the range behind the beginning
        true(re.search(r"Goroutines  (?:■ (?:all )?|a )3\d\d", text), text)
        screen.keys("End")
        screen.wait("to  2023-11-15 00:13:15")
        screen.keys("-", "-", "-")
        screen.wait(" 2h ")
        # All of it, the oldest at the left edge.
        true(any(braille(line[8:14]) for line in screen.text().splitlines()), screen.text())
        for _ in range(20):
            screen.keys("+")
        screen.wait(" 10s ")
        for _ in range(20):
            screen.keys("-")
        screen.wait(" 4h ")
        quit_well(screen)


def test_one_pane_on_the_whole_screen():
    with replayed(columns=100) as screen:
        screen.keys("3")
        text = screen.gone("Threads")
        contains(text, "alloc 40.0 MiB  ■ released 8.0 MiB  ■ in use 48.0 MiB  ■ goal 64.0 MiB")
        screen.keys("Down")
        screen.wait("RSS")
        screen.keys("Enter")
        screen.wait("Threads")
        screen.keys("Tab", "Tab", "Enter")  # Allocation and GC follow
        text = screen.gone("Threads")
        contains(text, "pause 250.0us")
        screen.keys("l")
        screen.wait("100us┤")
        screen.keys("Enter", "g")
        screen.wait("Threads")
        quit_well(screen)


def test_collections_are_marked():
    with replayed(columns=200, rows=60) as screen:
        screen.keys("3")
        text = screen.gone("Threads")
        marks = [match.start() for match in re.finditer("╵", text.splitlines()[2])]
        equal(len(marks), 6, "marks")
        apart = {b - a for a, b in zip(marks, marks[1:])}
        true(max(apart) - min(apart) <= 1, f"marks at {marks}")  # each ten seconds


def test_help():
    with replayed() as screen:
        screen.keys("?")
        text = screen.wait("spy watch")
        contains(text, "freeze")
        screen.keys("PPage", "NPage")
        screen.wait("of the operating system")
        screen.keys("Escape")
        screen.gone("freeze the picture")
        quit_well(screen)


def test_the_screen_is_written_to_a_file():
    path = pathlib.Path(FOLDER.name, "screen.txt")
    with replayed() as screen:
        shown = screen.text()
        screen.keys("w")
        screen.wait("Write the screen to: spy-watch.txt")
        screen.keys("C-u")
        screen.type(str(path))
        screen.keys("Enter")
        screen.wait(f"written to {path}")
        equal(path.read_text().rstrip("\n"), "\n".join(line.rstrip() for line in shown.splitlines()))
        screen.keys("w", "C-u")
        screen.type(str(path))
        screen.keys("Enter")
        screen.wait("File exists")
        screen.keys("w", "Escape")
        screen.gone("Write")
        quit_well(screen)


def test_several_processes():
    with replayed("two", columns=132, rows=43) as screen:
        text = screen.text()
        contains(text.splitlines()[0], "shop 4321 go1.27.4, bakery 77 go1.27.4")
        threads = next(line for line in text.splitlines() if "Threads" in line)
        true(re.search(r"shop +Threads  ■ 12 .*bakery +Threads  ■ 34", threads), threads)
        screen.keys("o")
        text = screen.wait(re.compile(r"Threads  ■ shop 12  ■ bakery 34"))
        equal(text.count("Threads"), 1)
        screen.keys("o")
        screen.wait(lambda text: text.count("Threads") == 2)
        screen.resize(60, 43)  # too narrow for both
        screen.wait(lambda text: text.count("Threads") == 1)
        quit_well(screen)
    with replayed("two", "--overlay", columns=132, rows=43) as screen:
        equal(screen.text().count("Threads"), 1)


def test_a_restart_is_marked():
    with replayed("restarted", columns=132, rows=43) as screen:
        text = screen.text()
        contains(text.splitlines()[0], "shop 4400")
        true("4321" not in text.splitlines()[0], text)
        marked = [line for line in text.splitlines() if "┊" in line]
        true(len(marked) > 10, text)
        quit_well(screen)


def test_names_are_shown_safely():
    with replayed("hostile") as screen:
        header = screen.text().splitlines()[0]
        contains(header, r"\x1b[31mevil")
        true(len(screen.text().splitlines()) == 24, "it broke the screen")
        true("\x1b[31m" not in screen.styled().splitlines()[0], "its escape came through")
        quit_well(screen)


def test_what_is_unknown():
    with replayed("unknown", columns=132, rows=43) as screen:
        text = screen.text()
        true(re.search(r"RSS  ■ -\s", text), text)
        true(re.search(r"Threads  ■ -\s", text), text)
        equal(braille(text), 0)
        quit_well(screen)


def test_a_refresh_writes_what_changed():
    with replayed(columns=200, rows=60) as screen:
        screen.record()
        for _ in range(5):
            screen.keys("x")  # is no key: all is drawn, nothing changes
        screen.keys("Left")
        screen.wait("at  2023")
        written = screen.written()
        for clear in (b"\x1b[2J", b"\x1b[J", b"\x1b[3J"):
            true(clear not in written, f"{clear} was written")
        # The cursor goes through eight panes of a dozen rows.
        true(0 < len(written) < 6000, f"{len(written)} bytes were written")
        quit_well(screen)


def test_signals_give_the_terminal_back():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with replayed() as screen:
            os.kill(screen.pid(), number)
            equal(screen.exit_status() in (0, 128 + number), True, f"after {number}")
    with replayed() as screen:
        screen.keys("C-z")
        screen.wait("it is suspended")
        screen.keys("Enter")
        screen.wait("Threads")
        quit_well(screen)


def test_recordings_that_are_none():
    path = pathlib.Path(FOLDER.name, "bad.jsonl")
    path.write_text(row(0) + "\nfoo\n")
    for arguments, part in (
            (("--replay", path), f"spy: {path}:2: not JSON"),
            (("--replay", "/nonexistent"), "No such file"),
            (("--replay", path, "--json"), "exclude each other"),
            (("--replay", path, "--record", "x"), "exclude each other"),
            (("localhost:7777",), "needs a server, which this version does not have yet")):
        with Screen(["watch", *arguments]) as screen:
            true(screen.exit_status() in (1, 2), "exit status")
            contains(screen.stderr(), part)


if __name__ == "__main__":
    main(globals())
