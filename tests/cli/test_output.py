#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the commands print: the names that programs rely on, and what people see."""

from helper import contains, equal, main, spy, spy_json, true

KINDS = ("usual", "hostile", "unknown", "empty")


def has(thing, names):
    for name in names.split():
        true(name in thing, f"{name} is missing from {sorted(thing)}")


def test_ps_json():
    for kind in KINDS:
        result = spy_json("ps", env={"FAKE": kind})
        has(result, "processes warnings")
        for process in result["processes"]:
            has(process, "pid exe command user go_version module module_version debug_info "
                         "goroutines rss started_at")
    usual = spy_json("ps")["processes"]
    equal([process["pid"] for process in usual], [812, 10333])
    equal(usual[0]["command"], ["server", "--listen", ":80"])
    equal([process["debug_info"] for process in usual], ["dwarf", "none"])
    equal((usual[1]["goroutines"], usual[1]["started_at"]), (None, None))
    equal(len(spy_json("ps")["warnings"]), 2)


def test_ps_text():
    done = spy("ps")
    equal(done.stdout,
          "  PID  GO         USER      RSS  GOROUTINES  DEBUG  MODULE              VERSION  "
          "COMMAND\n"
          "  812  go1.22.12  www   9.0 MiB         207  dwarf  example.org/server  v1.2.3   "
          "server --listen :80\n"
          "10333  go1.19.8   root  1.0 MiB           -  none   -                   -        -\n")
    contains(done.stderr, "2 processes could not be examined for want of permission")
    equal(spy("ps", env={"FAKE": "empty"}).stderr, "spy: warning: no Go process was found\n")


def test_heap_json():
    for kind in KINDS:
        result = spy_json("heap", kind)
        has(result, "pid go_version paused_ns pages_in_use pages_swept sweep_done "
                    "sweep_generation large size_classes ps memstats warnings")
        has(result["large"], "allocs alloc_bytes frees free_bytes")
        for one in result["size_classes"]:
            has(one, "class size spans objects_in_use objects_capacity bytes_in_use "
                     "bytes_reserved mallocs frees")
        for p in result["ps"]:
            has(p, "id flush_generation tiny_allocs tiny_used spans")
            for span in p["spans"]:
                has(span, "class noscan size pages allocated capacity")
    usual = spy_json("heap", "usual")
    equal(usual["size_classes"][1]["objects_in_use"], 100)
    equal((usual["sweep_done"], usual["ps"][0]["spans"][0]["noscan"]), (True, True))
    unknown = spy_json("heap", "unknown")
    equal((unknown["sweep_done"], unknown["pages_in_use"]), (None, None))


def test_heap_text():
    lines = spy("heap", "usual").stdout.splitlines()
    contains(lines[1], "1.0 MiB in 103 objects, in spans of 2.0 MiB")
    true(any(line.startswith("    2    16      1      100       512") for line in lines), lines)
    true(not any(line.startswith("    1     8") for line in lines), "a class without spans")
    contains(spy("heap", "--all", "usual").stdout, "    1     8      0")


def test_metrics_json():
    for kind in KINDS:
        result = spy_json("metrics", kind)
        has(result, "pid go_version paused_ns metrics warnings")
        for metric in result["metrics"].values():
            if metric["kind"] == "float64-histogram":
                has(metric, "buckets counts")
            else:
                true(metric["kind"] in ("uint64", "float64") and "value" in metric, metric)
    usual = spy_json("metrics", "usual")["metrics"]
    equal(usual["/gc/gogc:percent"], {"kind": "uint64", "value": 2**64 - 1})
    equal(usual["/sched/goroutines:goroutines"]["value"], None)
    equal(usual["/sched/latencies:seconds"],
          {"kind": "float64-histogram", "buckets": ["-Inf", 0, 6.4e-8, 1.28e-7, "+Inf"],
           "counts": [0, 90, 9, 1]})
    equal(list(spy_json("metrics", "-n", "/gc/go", "usual")["metrics"]),
          ["/gc/gogc:percent", "/gc/gomemlimit:bytes"])


def test_summary_json():
    for kind in KINDS:
        result = spy_json("summary", kind)
        has(result, "pid exe go_version build debug_info layout_from paused_ns gomaxprocs ncpu "
                    "threads started_at goroutines sched ps ms gc memory warnings")
        has(result["build"], "path module version settings")
        has(result["goroutines"], "count by_status by_wait_reason system dead")
        has(result["sched"], "global_run_queue idle_ps idle_ms spinning_ms")
        has(result["gc"], "phase cycles forced last_at next_heap pause_total_ns percent "
                          "memory_limit")
        has(result["memory"], "heap_alloc heap_inuse heap_sys stack_inuse sys rss")
        for p in result["ps"]:
            has(p, "id status run_queue m goroutine")
        for m in result["ms"]:
            has(m, "id thread p goroutine locked_goroutine blocked spinning")
    usual = spy_json("summary", "usual")
    equal(usual["goroutines"], {"count": 5, "system": 4, "dead": 3,
                                "by_status": {"running": 1, "syscall": 1, "waiting": 3},
                                "by_wait_reason": {"select": 2, "chan receive": 1}})
    equal(usual["ms"][0], {"id": 0, "thread": 4242, "p": 0, "goroutine": 1,
                           "locked_goroutine": None, "blocked": False, "spinning": True})
    equal(usual["gc"]["memory_limit"], 2**63 - 1)
    unknown = spy_json("summary", "unknown")
    equal(set(unknown["memory"].values()) | set(unknown["sched"].values()), {None})


def test_summary_text():
    text = spy("summary", "usual").stdout
    for part in ("Binary:     /usr/bin/server\n", "example.org/server v1.2.3\n", "go1.22.12",
                 "2 of 8 CPUs\n", "up 3m20s since 2023-11-14 22:13:20\n", "Paused for: 1.5ms\n",
                 "2.0 MiB in use", "system 63.3 MiB", "cycles 12, forced 1", "last 1.3s ago",
                 "GOGC 100, limit none", "5, 1 running, 4 sleeping\n",
                 "0  running  0          1      2          100              7\n",
                 "  waiting                          3  ##################\n",
                 "<- make(chan main.job, 8) len 3", "select of 3, make(chan int)",
                 "select 0xc000020000", "1(M 0)     running      -  -", "/src/main.go:24\n"):
        contains(text, part)


def test_summary_places():
    def place(name):
        text = spy("summary", "usual", "--pc", name).stdout
        return next(row for row in text.splitlines() if row.startswith("18 ")).split()[-2:]

    equal(place("start"), ["main.(*Server[...]).work", "/src/main.go:24"])
    equal(place("caller"), ["main.main", "/src/main.go:12"])
    equal(place("current"), ["runtime.gopark", "/go/src/runtime/proc.go:398"])


def test_summary_limit():
    contains(spy("summary", "usual", "--limit", "2").stdout, "and 3 more: --all lists them")
    true("more: --all" not in spy("summary", "usual", "--limit", "2", "--all").stdout)


def test_dump_json():
    for kind in KINDS:
        result = spy_json("dump", kind)
        has(result, "pid go_version paused_ns goroutines warnings")
        for goroutine in result["goroutines"]:
            has(goroutine, "id status wait_reason wait_ns system locked_to_thread thread labels "
                           "created_by frames")
            for frame in goroutine["frames"]:
                has(frame, "function file line pc inlined")
            if goroutine["created_by"]:
                has(goroutine["created_by"], "function file line goroutine")
    one, parked, other = spy_json("dump", "usual")["goroutines"][:3]
    equal((one["created_by"], one["labels"], one["wait_ns"]), (None, {}, None))
    equal(parked["labels"], {"tenant": "acme", "a key": 'say "hi"'})
    equal(parked["created_by"], {"function": "main.main", "file": "/src/main.go", "line": 12,
                                 "goroutine": 1})
    equal(parked["frames"][1], {"function": "main.helper", "file": "/src/helper.go", "line": 7,
                                "pc": "0x48f1d6", "inlined": True})
    equal(other["created_by"]["goroutine"], None)


def test_dump_filters():
    def ids(*arguments):
        return [one["id"] for one in spy_json("dump", "usual", *arguments)["goroutines"]]

    equal(ids(), [1, 18, 19, 20, 21])
    equal(ids("--status", "running,syscall"), [1, 21])
    equal(ids("--status", "running", "--status", "syscall"), [1, 21])
    equal(ids("--wait-reason", "chan"), [18])
    equal(ids("--function", "main.(*Server[...]).work"), [18, 19, 20])
    equal(ids("-f", "*.gopark", "-w", "select"), [19, 20])
    equal(ids("--label", "tenant=acme"), [18])
    equal(ids("--limit", "2"), [1, 18])
    equal(ids("--limit", "0"), [1, 18, 19, 20, 21])
    equal(spy_json("dump", "usual", "-n2")["warnings"][-1],
          "3 more goroutines left out by --limit")
    contains(spy("dump", "usual", "-n2").stdout, "\n...3 more goroutines left out by --limit...\n")


def test_dump_groups():
    contains(spy("dump", "usual", "--group").stdout, "2 goroutines [select] 19, 20:\n")
    equal(spy_json("dump", "usual", "--group")["groups"][0], {"count": 2, "goroutines": [19, 20]})


def test_hostile_names_are_escaped():
    for command in ("summary", "dump", "ps"):
        done = spy(command, *([] if command == "ps" else ["hostile"]), env={"FAKE": "hostile"})
        for text in (done.stdout, done.stderr):
            true(all(character >= " " or character in "\t\n" for character in text), command)
            true("\u202e" not in text, command)
        contains(done.stdout, "a\\x1b]0;owned\\x07b\\nc\\xe2\\x80\\xaed\\xff\\xc3(e\"f\\\\g")
    name = spy_json("summary", "hostile")["exe"]
    equal(name, 'a\x1b]0;owned\x07b\nc\u202ed\ufffd\ufffd(e"f\\g')


if __name__ == "__main__":
    main(globals())
