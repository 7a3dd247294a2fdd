#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`spy top` where there is no terminal: its tables and its JSON. tests/tui has the live one."""

import json

from helper import contains, equal, main, spy, spy_json, true, usage_error

FAST = ("--interval", "100ms")


def rows(*arguments):
    return {row["key"]: row for row in spy_json("top", "usual", *FAST, *arguments)["rows"]}


def test_a_table():
    out = spy("top", "usual", *FAST).stdout.splitlines()
    contains(out[0], "/usr/bin/server (4242)  go1.22.12  goroutines: 5  stopped for 1.5ms")
    equal(out[1].split(), ["COUNT", "CHANGE", "CPU%", "STATES", "WAIT", "FUNCTION", "FILE:LINE",
                           "CREATED", "BY"])
    equal(out[2].split(), ["4", "-", "0.0", "1", "sys,", "3", "wait", "5m",
                           "main.(*Server[...]).work", "/src/main.go:24", "-"])
    equal(out[3].split(), ["1", "-", "100.0", "running", "-", "main.main", "/src/main.go:10", "-"])
    equal(len(out), 4)


def test_json_has_the_rows():
    document = spy_json("top", "usual", *FAST)
    equal((document["pid"], document["go_version"], document["paused_ns"]),
          (4242, "go1.22.12", 1540000))
    equal((document["group_by"], document["label"], document["time"]),
          ("function", None, 1700000200000000000))
    equal((document["goroutines"], document["shown"], document["hidden"]), (5, 5, 0))
    true(document["samples"] == document["unread_samples"] > 0)
    equal(document["warnings"], ["one thing could not be read"])
    work = document["rows"][0]
    equal(work["key"], "main.(*Server[...]).work")
    equal(work["by_status"], {"waiting": 3, "syscall": 1})
    equal((work["count"], work["change"], work["on_cpu_percent"]), (4, None, 0))
    equal((work["function"], work["file"], work["line"]),
          ("main.(*Server[...]).work", "/src/main.go", 24))
    equal((work["longest_wait_ns"], work["goroutines"]), (300000000001, [18, 19, 20, 21]))
    equal(document["rows"][1]["on_cpu_percent"], 100)


def test_groups():
    equal({key: row["count"] for key, row in rows("--group", "wait_reason").items()},
          {"select": 2, "chan receive": 1, "running": 1, "syscall": 1})
    equal({key: row["count"] for key, row in rows("--group=creator").items()},
          {"main.main /src/main.go:12": 3, "(none)": 2})
    equal({key: row["count"] for key, row in rows("--label", "tenant").items()},
          {"acme": 1, "(none)": 4})
    equal(list(rows("-g", "goroutine")), ["1", "18", "19", "20", "21"])
    stack = next(iter(rows("-g", "stack").values()))
    equal([frame["function"] for frame in stack["frames"]],
          ["runtime.gopark", "main.helper", "main.(*Server[...]).work"])


def test_filter_sort_limit():
    equal(list(rows("-g", "goroutine", "--filter", "work !select")), ["18", "21"])
    equal(list(rows("-g", "goroutine", "--sort", "wait", "--limit", "2")), ["18", "21"])
    equal(list(rows("-g", "goroutine", "--sort", "id", "--reverse")),
          ["21", "20", "19", "18", "1"])
    contains(spy("top", "usual", *FAST, "--limit", "1").stdout, "... and 1 more rows\n")


def test_only_what_is_shown_is_collected():
    def asked(*arguments):
        return spy("top", "usual", *FAST, *arguments, env={"FAKE_TELL": "1"}).stderr

    contains(asked(), "collect=0x1 ")
    contains(asked("-g", "stack"), "collect=0x3 ")
    contains(asked("-g", "label"), "collect=0x9 ")
    contains(asked("--filter", "fn:main"), "collect=0x1 ")
    contains(asked("--filter", "main"), "collect=0x9 ")


def test_tables_one_after_the_other():
    lines = spy("top", "usual", *FAST, "--json", "--count", "3").stdout.splitlines()
    equal(len(lines), 3)
    equal([json.loads(line)["rows"][0]["change"] for line in lines], [None, 0, 0])
    equal(spy("top", "usual", *FAST, "-n2").stdout.count("FILE:LINE"), 2)


def test_unknown_and_hostile():
    row, = spy_json("top", "unknown", *FAST)["rows"]
    equal((row["key"], row["function"], row["line"], row["longest_wait_ns"]),
          ("?", None, None, None))
    true("\033" not in spy("top", "hostile", "-g", "goroutine", *FAST).stdout)
    equal(spy_json("top", "empty", *FAST)["rows"], [])


def test_how_it_ends():
    equal(spy("top", "-p17", *FAST, status=3).stderr, "spy: process 17 has ended\n")
    equal(spy("top", "-p13", status=3).stderr, "spy: no process 13\n")


def test_wrong_usage():
    contains(usage_error("top", "--once", "--count", "2"), "exclude each other")
    contains(usage_error("top", "--label", "a", "--group", "stack"), "--label goes with")
    contains(usage_error("top", "--sort", "id"), "rows by function have no column id")
    contains(usage_error("top", "--interval", "1ms"), "100ms")
    contains(usage_error("top", "--group", "colour"), "colour")


if __name__ == "__main__":
    main(globals())
