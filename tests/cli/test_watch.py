#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `spy watch` takes, and what it prints where it is not asked to draw."""

import json

from helper import contains, equal, main, spy, usage_error

FAST = ("--interval", "10ms")


def test_lines_are_those_of_stats():
    lines = spy("watch", "--json", "-n2", *FAST).stdout.splitlines()
    stats = spy("stats", "--json", "-n2", "--interval", "10ms").stdout.splitlines()
    equal([list(json.loads(line)) for line in lines], [list(json.loads(line)) for line in stats])
    equal(len(spy("watch", "--json", "-n3", "--pid", "1", "-p2", *FAST).stdout.splitlines()), 6)
    equal(len(spy("watch", "1", "usual", "--json", "-n1", *FAST).stdout.splitlines()), 2)


def test_one_that_ends_does_not_end_the_others():
    done = spy("watch", "--json", "-p17", "-p1", "-n6", *FAST)
    equal(len(done.stdout.splitlines()), 3 + 6)
    done = spy("watch", "--json", "-p17", "-n6", *FAST, status=3)
    equal(done.stderr, "spy: process 17 has ended\n")


def test_wrong_usage():
    contains(usage_error("watch"), "there is no terminal to draw on: --json")
    contains(usage_error("watch", "--replay", "file"), "no terminal")
    contains(usage_error("watch", "localhost:7777"), "needs a server, which this version does not")
    contains(usage_error("watch", "--core", "file"), "does not change")
    contains(usage_error("watch", "--interval", "1ms"), "10ms")
    contains(usage_error("watch", "--range", "1s"), "10000ms")
    contains(usage_error("watch", "--range", "5h"), "4h at most")
    contains(usage_error("watch", "--count", "3"), "--count goes with --json")
    contains(usage_error("watch", *(f"-p{pid}" for pid in range(1, 18))), "16 times at most")
    for arguments in (("--replay", "f", "1"), ("--replay", "f", "--follow", "x"),
                      ("--replay", "f", "--record", "g"), ("--replay", "f", "--json"),
                      ("--follow", "x", "-p1"), ("--json", "--record", "f"),
                      ("--json", "--follow", "x")):
        contains(usage_error("watch", *arguments), "exclude each other")
    equal(spy("watch", "--json", "-p13", status=3).stderr, "spy: no process 13\n")


if __name__ == "__main__":
    main(globals())
