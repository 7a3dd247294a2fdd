# SPDX-License-Identifier: MIT
"""Counts, and what summary says of the process as a whole."""

import collections
import json
import os
import pathlib
import subprocess
import time

import gotraceback as go
from harness import ALL, FEW, ROOT, STRIPPED, case

CONTRACT = ROOT.parent / "shared/tools/contract"
STATES = {"idle", "runnable", "running", "syscall", "dead", "copystack", "preempted", "leaked"}


@case(program="blocks", flavours=ALL)
def counts(t):
    answer = t.program.ask("stack")
    summary = t.spy.json("summary", "--pid", t.pid, *t.bin)
    goroutines = summary["goroutines"]
    t.equal(goroutines["count"], answer["num_goroutine"], "goroutines.count")
    t.equal(sum(goroutines["by_status"].values()), goroutines["count"], "sum of by_status")
    truth = go.parse(answer["stack"])
    for number in t.program.uncounted():
        del truth[number]
    waits = collections.Counter(
        one.state for one in truth.values() if one.state not in STATES and one.id != 1
    )
    t.equal(goroutines["by_wait_reason"], dict(waits), "by_wait_reason")
    t.equal(goroutines["by_status"].get("waiting", 0), sum(waits.values()), "waiting")


@case(program="blocks", flavours=ALL)
def the_process(t):
    ready = t.program.ready
    summary = t.spy.json("summary", "--pid", t.pid, *t.bin)
    t.equal(summary["pid"], t.pid, "pid")
    t.equal(summary["go_version"], ready["go_version"], "go_version")
    t.equal(summary["gomaxprocs"], ready["gomaxprocs"], "gomaxprocs")
    t.equal(len(summary["ps"]), ready["gomaxprocs"], "number of Ps")
    t.equal(summary["ncpu"], ready["ncpu"], "ncpu")
    t.equal(summary["threads"], len(t.program.threads()), "threads")
    t.equal(summary["exe"], os.readlink(f"/proc/{t.pid}/exe"), "exe")
    t.equal(summary["gc"]["percent"], -1, "gc.percent")
    t.check(summary["paused_ns"] > 0, "paused_ns is 0")
    wanted = ("symbols", "table") if t.flavour == "nodwarf" else ("dwarf", "dwarf")
    if t.flavour in STRIPPED:
        wanted = ("none", "bin")
    t.equal((summary["debug_info"], summary["layout_from"]), wanted, "debug_info, layout_from")
    threads = set(t.program.threads())
    for m in summary["ms"]:
        t.check(m["thread"] is None or m["thread"] in threads, f"no thread {m['thread']}")


@case(program="blocks", flavours=("default", "cgo", "race"))
def follows_the_contract(t):
    if not CONTRACT.exists():
        return
    for command, options in (("summary", []), ("dump", ["--system"]), ("ps", [])):
        target = [] if command == "ps" else ["--pid", t.pid]
        text = t.spy.text(command, "--json", *options, *target)
        done = subprocess.run(
            [CONTRACT, command], input=text, capture_output=True, text=True, check=False
        )
        t.check(done.returncode == 0, f"{command}: {done.stdout.strip()[:500]}")


@case(program="blocks", flavours=ALL, turns=2)
def labels(t):
    dump = t.spy.json("dump", "--pid", t.pid, *t.bin)
    seen = {one["id"]: one["labels"] for one in dump["goroutines"]}
    for fact in t.program.ready["goroutines"]:
        wanted = {text_of(key): text_of(value) for key, value in fact["labels_hex"]}
        t.equal(seen.get(fact["id"]), wanted, f"labels of {fact['name']}")


@case(program="blocks", flavours=ALL, turns=2)
def channels(t):
    """The element type of the channel that a goroutine waits on, as the program knows it."""
    dump = t.spy.json("dump", "--pid", t.pid, *t.bin)
    seen = {one["id"]: one["waits_on"] for one in dump["goroutines"]}
    told = 0
    for fact in t.program.ready["goroutines"]:
        if fact.get("element") and seen.get(fact["id"]):
            told += 1
            got = seen[fact["id"]]["element_type"]
            t.equal(got, fact["element"], f"element type of {fact['name']}")
    t.check(told >= 10, f"only {told} goroutines wait on a channel that could be told")


def text_of(digits):
    return bytes.fromhex(digits).decode("utf-8", "replace")


@case(program="blocks", shared=False)
def wait_times(t):
    """The runtime notes since when a goroutine waits when a collection finds it waiting."""
    t.program.ask("gc")
    first = waits_of(t)
    second = waits_of(t)
    known = [number for number, wait in first.items() if wait is not None]
    t.check(len(known) > 30, f"only {len(known)} wait times")
    for number in known:
        t.check(0 <= first[number] < 60e9, f"goroutine {number} waits {first[number]} ns")
        t.check(second[number] > first[number], f"the wait of goroutine {number} does not grow")


def waits_of(t):
    dump = t.spy.json("dump", "--pid", t.pid)
    return {one["id"]: one["wait_ns"] for one in dump["goroutines"]}


@case(program="blocks", minors=FEW)
def threads_of_goroutines(t):
    """A goroutine in a system call has a thread, and that thread sits in it."""
    dump = t.spy.json("dump", "--pid", t.pid)
    seen = {one["id"]: one for one in dump["goroutines"]}
    for fact in t.program.ready["goroutines"]:
        if fact["name"] == "read(2)":
            thread = seen[fact["id"]]["thread"]
            call = pathlib.Path(f"/proc/{t.pid}/task/{thread}/syscall")
            if t.check(call.exists(), f"no thread {thread} for goroutine {fact['id']}"):
                time.sleep(0.01)  # it may just be going back to it after the pause
                t.equal(call.read_text().split()[0], "0", "the system call of the thread")


@case(program="blocks", minors=FEW)
def ps_lists_it(t):
    processes = t.spy.json("ps")["processes"]
    mine = [one for one in processes if one["pid"] == t.pid]
    if t.equal(len(mine), 1, "entries in ps"):
        t.equal(mine[0]["go_version"], t.program.ready["go_version"], "go_version in ps")
        t.equal(mine[0]["user"], "root" if os.getuid() == 0 else mine[0]["user"], "user in ps")
        t.equal(mine[0]["goroutines"], t.program.ready["num_goroutine"], "goroutines in ps")
        command = pathlib.Path(f"/proc/{t.pid}/cmdline").read_bytes().decode().split("\0")[:-1]
        t.equal(mine[0]["command"], command, "command in ps")


@case(once=True)
def json_is_one_line_of_json_each(t):
    with t.start("many", "-n=10") as program:
        for command in ("summary", "dump"):
            text = t.spy.text(command, "--json", "--pid", program.pid)
            t.check(isinstance(json.loads(text), dict), f"{command} --json is not an object")
