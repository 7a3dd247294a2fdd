# SPDX-License-Identifier: MIT
"""`spy top` over live processes: its rows against other commands and the program's own word, what
runs against what was done, and the screen over a process that changes and ends."""

import collections
import json
import pathlib
import re
import subprocess
import sys
import time

from harness import FEW, ROOT, case

sys.path.append(str(ROOT / "tests/tui"))

QUICK = ("--interval", "100ms")


def counts(t, *arguments):
    """{key: count} of the rows, and the document."""
    document = t.spy.json("top", t.pid, *QUICK, *arguments)
    keys = [row["key"] for row in document["rows"]]
    t.equal(len(keys), len(set(keys)), "rows with a key")
    t.equal(sum(row["count"] for row in document["rows"]), document["shown"], "goroutines in rows")
    for row in document["rows"]:
        t.equal(sum(row["by_status"].values()), row["count"], f"states of {row['key']}")
        t.equal(len(row["goroutines"]), min(row["count"], 100), f"ids of {row['key']}")
    return {row["key"]: row["count"] for row in document["rows"]}, document


@case(program="blocks", flavours=("default", "stripped"))
def rows_agree_with_the_stacks(t):
    """Each group holds just the goroutines that a dump shows so. All of them stand still."""
    dump = t.spy.json("dump", t.pid)["goroutines"]
    reasons, document = counts(t, "--group", "wait_reason")
    want = collections.Counter(one["wait_reason"] or one["status"] for one in dump)
    # main may be in read(2) or just about to
    t.equal({key: n for key, n in reasons.items() if key not in ("syscall", "running")},
            {key: n for key, n in want.items() if key not in ("syscall", "running")}, "reasons")
    t.equal(document["go_version"], t.version, "go_version")
    stacks, document = counts(t, "--group", "stack")
    want = collections.Counter(
        ";".join(frame["function"] for frame in reversed(one["frames"])) for one in dump
        if one["id"] != 1)
    for row in document["rows"]:
        if 1 not in row["goroutines"]:
            t.equal(row["count"], want.get(row["key"]), f"goroutines that stand in {row['key']}")
        names = [frame["function"] for frame in row["frames"]]
        t.equal(";".join(reversed(names)), row["key"], "frames")
    ids, _ = counts(t, "--group", "goroutine")
    t.equal(sorted(map(int, ids)), [one["id"] for one in dump], "ids")
    creators = collections.Counter(one["created_by"] and one["created_by"]["function"]
                                   for one in dump if one["created_by"])
    _, document = counts(t, "--group", "creator")
    got = collections.Counter()
    for row in document["rows"]:
        got[row["function"]] += row["count"]
    for name, count in creators.items():
        if name.startswith("main."):
            t.equal(got[name], count, f"goroutines that {name} started")


@case(program="blocks", minors=FEW)
def labels_make_rows(t):
    dump = t.spy.json("dump", t.pid)["goroutines"]
    names = {name for one in dump for name in one["labels"]}
    t.check(len(names) > 5, f"labels: {names}")
    for name in sorted(names):
        if not name or "\0" in name or "\ufffd" in name:
            continue
        rows, _ = counts(t, "--label", name)
        want = collections.Counter(
            "(none)" if name not in one["labels"] else one["labels"][name] or '""'
            for one in dump)
        t.equal({key: n for key, n in rows.items() if len(key) < 1000},
                {key.replace("\0", "\ufffd"): n for key, n in want.items() if len(key) < 1000},
                f"goroutines by {name!r}")


@case(minors=FEW)
def what_runs_is_what_was_done(t):
    """Shares of the processors against the work that the program itself counted meanwhile, at two
    Ps that never rest; goroutines that lived for a millisecond have their share, too."""
    with t.start("busy") as program:
        program.ask("x")
        document = t.spy.json("top", "--pid", program.pid, "--interval", "3s")
        done = program.ask("x")
        shares = {row["function"]: row["on_cpu_percent"] for row in document["rows"]}
        brief = sum(share for name, share in shares.items()
                    if name.startswith(("main.brief", "main.breed")))
        want = done["brief"] * 100 / (done["brief"] + done["steady"])
        t.check(document["samples"] > 50, f"only {document['samples']} looks")
        t.check(document["unread_samples"] < document["samples"] * 0.2,
                f"{document['unread_samples']} of {document['samples']} looks failed")
        t.check(abs(brief - want) < 15, f"brief {brief} %, did {want} % of the work: {shares}")
        t.check(abs(shares["main.steady"] + brief - 100) < 12, f"others run: {shares}")
        t.equal(shares["main.sleep"] < 5, True, "those that sleep")
        t.equal(next(row["count"] for row in document["rows"] if row["function"] == "main.sleep"),
                5, "those that sleep")


@case(program="blocks", minors=(10, 27))
def never_stopped(t):
    document = t.spy.json("top", t.pid, "--non-blocking", *QUICK)
    t.equal(document["paused_ns"], 0, "paused_ns")
    t.check(document["shown"] > 50, "goroutines")


@case(once=True)
def an_hour_takes_no_more_memory(t):
    """Of a process that changes all the time: 1800 readings, as fast as they go."""
    with t.start("churn", "-workers=1") as program:
        done = subprocess.run([ROOT / "build/hour_ask", str(program.pid)], capture_output=True,
                              text=True, check=False, timeout=120)
        if t.check(not done.returncode, f"hour_ask: {done.stderr}"):
            told = json.loads(done.stdout)
            t.check(told["late_bytes"] < told["early_bytes"] * 1.2 + (2 << 20), f"it grows: {told}")


@case(once=True)
def the_screen_follows_the_process(t):
    from helper import Screen

    with t.start("churn") as program:
        with Screen(["top", "--pid", program.pid, "--interval", "200ms"], 140, 40) as screen:
            screen.wait("main.breed")
            screen.wait(re.compile(r"looks ([2-9]|10)\b"))  # in 200 ms
            # the number of children changes all the time
            screen.wait(re.compile(r"^ *\d+ +[+-]\d+ +\d+\.\d .*main\.breed\.gowrap", re.M))
            screen.keys("2")
            screen.wait(lambda text: "by stack" in text and "reading" not in text)
            screen.keys("1", "Enter")
            screen.wait(re.compile(r"goroutine \d+:"))
            screen.keys("Escape")
            screen.wait("by function")
            program.stop()
            screen.wait("ENDED")
            screen.wait("main.breed")  # the last picture stays
            screen.keys("3")
            screen.wait("by creator")
            screen.keys("q")
            t.equal(screen.exit_status(), 3, "exit status")
            t.check(" ended" in screen.stderr(), f"it says {screen.stderr()!r}")


@case(once=True)
def a_suspended_top_leaves_the_process_running(t):
    """Stopped between two keys, over and over: never in the middle of a stop of the target."""
    from helper import Screen

    with t.start("churn") as program:
        for _ in range(4):
            with Screen(["top", "--pid", program.pid, "--interval", "100ms"]) as screen:
                screen.wait("main.breed")
                screen.keys("C-z")
                screen.wait("it is suspended")
                before, tries = program.ask("x")["started"], 100
                while program.ask("x")["started"] == before and tries:
                    tries -= 1
                    time.sleep(0.01)
                t.check(tries, "the target stands still")
                states = {pathlib.Path(f"/proc/{program.pid}/task/{thread}/stat").read_text()
                          .rpartition(")")[2].split()[0] for thread in program.threads()}
                t.check(not states & {"t", "T"}, f"threads are {states}")
                screen.keys("Enter")
                screen.wait("main.breed")
                screen.keys("q")
                t.equal(screen.exit_status(), 0, "exit status")
