#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rows of `spy stats`, lines of `spy gctrace`: how often, in which form, and how they end."""

import csv
import io
import json
import os
import signal
import subprocess
import time

from helper import contains, equal, main, program, spy, true, usage_error

FAST = ("--interval", "1ms")


def lines(*arguments, **options):
    return [json.loads(line) for line in spy(*arguments, "--json", **options).stdout.splitlines()]


def test_a_row_an_interval():
    rows = lines("stats", "--count", "3", *FAST)
    equal([row["time"] for row in rows], [1001000000000, 1002000000000, 1003000000000])
    for row in rows:
        equal(row["NumGoroutine"], 7)
        equal(row["LiveObjects"], 9)
        equal(row["CPUPercent"], 50)
        equal(row["AllocBytesPerSecond"], 4096)
        equal(row["GCPerSecond"], 2)
        true(abs(row["PausePercent"] - 0.1) < 1e-9)
        equal(row["NextGC"], 2**64 - 1)
        equal(row["paused_ns"], 0)
        equal(row["warnings"], [])
        true("BySize" not in row)


def test_one_row_comes_at_once():
    before = time.monotonic()
    equal(len(lines("stats", "-n", "1", "--interval", "1h")), 1)
    true(time.monotonic() - before < 10)


def test_blocking_and_whole():
    row, = lines("stats", "-n1", "--blocking", "--whole")
    equal(row["paused_ns"], 200000)
    equal((len(row["PauseNs"]), len(row["PauseEnd"]), len(row["BySize"])), (256, 256, 61))
    contains(spy("stats", "-n1", "--blocking").stdout, "STOPPED")


def test_unknown_is_null():
    row, = lines("stats", "unknown", "-n1")
    for name in ("NumGoroutine", "TotalAlloc", "LiveObjects", "NextGC", "GCCPUFraction",
                 "AllocBytesPerSecond"):
        equal(row[name], None, name)
    equal(row["warnings"], ["nothing could be read", "3 torn readings were taken again"])
    done = spy("stats", "unknown", "-n2", *FAST)
    contains(done.stderr, "spy: warning: nothing could be read\n")
    contains(done.stderr, "taken again: 6\n")


def test_csv():
    rows = list(csv.DictReader(io.StringIO(spy("stats", "-n2", "--csv", *FAST).stdout)))
    equal(len(rows), 2)
    words = ("exe", "go_version", "Pauses", "warnings")
    names = [name for name in lines("stats", "-n1")[0] if name not in words]
    equal(list(rows[0]), names)
    equal((rows[1]["TotalAlloc"], rows[1]["EnableGC"]), ("8192", "true"))
    row, = csv.DictReader(io.StringIO(spy("stats", "unknown", "-n1", "--csv").stdout))
    equal((row["TotalAlloc"], row["GCCPUFraction"]), ("", ""))


def test_a_process_that_ends():
    done = spy("stats", "-p17", "--json", *FAST, status=3)
    equal(len(done.stdout.splitlines()), 3)
    equal(done.stderr, "spy: process 17 has ended: 3 rows before that\n")
    equal(spy("gctrace", "-p17", status=3).stderr.splitlines()[-1], "spy: process 17 has ended")


def test_wrong_usage():
    contains(usage_error("stats", "--interval", "10us"), "the least that can be kept is 1ms")
    for value in ("0", "x", "1d", "-1s", "", "1e30s", "nan"):
        usage_error("stats", "--interval", value)
    usage_error("stats", "--count", "0")
    usage_error("stats", "--csv", "--json")
    usage_error("stats", "--blocking", "--non-blocking")
    usage_error("stats", "--whole")
    usage_error("gctrace", "--core", "file")


def started(*arguments):
    return subprocess.Popen([program(), *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_an_interrupt_ends_it_well():
    for number in (signal.SIGINT, signal.SIGTERM):
        for command in ("stats", "gctrace"):
            process = started(command, "--json")
            process.stdout.readline()
            process.send_signal(number)
            equal(process.wait(10), 0, f"{command} after signal {number}")


def test_rows_are_written_as_they_come():
    process = started("stats", "--interval", "1h")
    contains(process.stdout.readline(), "GOROUTINES")
    true(process.stdout.readline().strip())
    process.kill()
    process.wait()


def test_a_reader_that_goes_away():
    process = started("stats", *FAST)
    process.stdout.readline()
    process.stdout.close()
    equal(process.wait(10), 0)
    equal(process.stderr.read(), "")


def test_titles_come_again_on_each_screen():
    leader, follower = os.openpty()
    subprocess.run(["stty", "rows", "6", "cols", "200"], stdin=follower, check=True)
    spy("stats", "-n", "9", *FAST, stdout=follower, env={"TERM": "dumb"})
    os.close(follower)
    text = os.read(leader, 65536).decode()
    os.close(leader)
    equal(text.count("GOROUTINES"), 3)
    equal(spy("stats", "-n", "9", *FAST).stdout.count("GOROUTINES"), 1)


def test_the_line_of_a_collection():
    done = spy("gctrace", "-n2")
    equal(done.stdout.splitlines()[0],
          "gc 2 @1.234s 3%: 0.045+1.2+0 ms clock, 0.091+0/10/9.9+0.001 ms cpu, "
          "4->4->2 MB, 8 MB goal, 0 MB stacks, 1 MB globals, 2 P (forced)")
    contains(done.stdout.splitlines()[1], "gc 5 @")
    equal(done.stderr, "spy: warning: gc 3-4 were missed\n")
    older = spy("gctrace", "unknown", "-n1").stdout
    contains(older, "8 MB goal, 2 P (forced)\n")
    row, = lines("gctrace", "-n1")
    equal(row["line"], done.stdout.splitlines()[0])
    equal((row["gc"], row["worker_cpu_ns"], row["forced"]), (2, 10000000, True))


if __name__ == "__main__":
    main(globals())
