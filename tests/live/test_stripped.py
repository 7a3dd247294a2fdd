# SPDX-License-Identifier: MIT
"""Programs without symbols and DWARF, and nothing else at hand: what spy says of them is what they
say of themselves, and what it says with the unstripped build of the same."""

import collections
import os
import signal
import subprocess
import tempfile
import time

import gotraceback as go
import views
from harness import BARE, Skip, case, minor_of, tool, unstripped
from program import Program

MAIN = 1  # stands in read(2) when spy looks, and in runtime.Stack when the process looks itself
STATES = {"idle", "runnable", "running", "syscall", "dead", "copystack", "preempted", "leaked"}
FORMS = (("summary",), ("dump",), ("dump", "--user"), ("dump", "--system"))
# What is another moment's (threads take their time to stop again), or tells how it was found.
APART = {
    "symbols_from", "symbols_file",
    "paused_ns", "taken_at", "uptime_ns", "wait_ns", "threads_by_state",
    "debug_info", "layout_from", "warnings",
}
GO_OF_C = ("stripped", "bare")


def look(t, program, *options):
    """All forms of what spy says of a process."""
    return {
        " ".join(form): t.spy.json(*form, "--pid", program.pid, *options) for form in FORMS
    }


def found_by_itself(t, program, seen):
    summary = seen["summary"]
    how = (summary["debug_info"], summary["layout_from"])
    t.equal(how, ("none", "table"), "debug_info, layout_from")
    for form, document in seen.items():
        t.equal(document["warnings"], [], f"warnings of {form}")
        t.equal(document["go_version"], program.ready["go_version"], f"go_version of {form}")


def equals_runtime_stack(t, program, seen):
    answer = program.ask("stack")
    truth = go.parse(answer["stack"])
    user = views.from_json(seen["dump --user"])
    t.check_none(go.compare(truth, user, t.silent_limit, but=[MAIN]))
    t.check(MAIN in user, "goroutine 1 is missing")
    for number in program.uncounted():
        del truth[number]
    waits = collections.Counter(
        one.state for one in truth.values() if one.state not in STATES and one.id != MAIN
    )
    goroutines = seen["summary"]["goroutines"]
    t.equal(goroutines["count"], answer["num_goroutine"], "goroutines.count")
    t.equal(goroutines["by_wait_reason"], dict(waits), "by_wait_reason")
    t.equal(sum(goroutines["by_status"].values()), goroutines["count"], "sum of by_status")


def equals_facts(t, program, seen):
    """What each goroutine of the blocks program told of itself, and the program as a whole."""
    ready, summary = program.ready, seen["summary"]
    for name in ("pid", "gomaxprocs", "ncpu"):
        t.equal(summary[name], ready[name], name)
    t.equal(len(summary["ps"]), ready["gomaxprocs"], "number of Ps")
    t.equal(summary["threads"], len(program.threads()), "threads")
    threads = {m["thread"] for m in summary["ms"]} - {None}
    t.check(threads <= set(program.threads()), f"threads of Ms: {threads}")
    by_id = {one["id"]: one for one in seen["dump"]["goroutines"]}
    for fact in ready["goroutines"]:
        one = by_id.get(fact["id"])
        if not t.check(one, f"{fact['name']} is missing"):
            continue
        labels = {text_of(key): text_of(value) for key, value in fact["labels_hex"]}
        t.equal(one["labels"], labels, f"labels of {fact['name']}")
        if fact["element"] and one["waits_on"]:
            element = one["waits_on"]["element_type"]
            t.equal(element, fact["element"], f"element type of {fact['name']}")


def text_of(digits):
    return bytes.fromhex(digits).decode("utf-8", "replace")


def equals_unstripped(t, program, whole):
    """Field for field what spy says with the unstripped build of the same, of the same moment."""
    program.process.send_signal(signal.SIGSTOP)
    while program.state() != "T":
        time.sleep(0.001)
    alone, helped = look(t, program), look(t, program, "--bin", whole)
    program.process.send_signal(signal.SIGCONT)
    for form in alone:
        t.check_none([f"{form} {line}" for line in differences(alone[form], helped[form])])


def differences(alone, helped, path=""):
    """Where two documents differ, but for what is apart."""
    if isinstance(alone, dict) and isinstance(helped, dict):
        for key in alone.keys() | helped.keys():
            if key not in APART:
                yield from differences(alone.get(key), helped.get(key), f"{path}.{key}")
    elif isinstance(alone, list) and isinstance(helped, list) and len(alone) == len(helped):
        for at, pair in enumerate(zip(alone, helped)):
            yield from differences(*pair, f"{path}[{at}]")
    elif alone != helped:
        yield f"{path} is {alone!r:.200}, with --bin {helped!r:.200}"


def equals_sigquit(t, program, seen):
    """The last question: the program ends with its traceback."""
    truth = go.parse(program.quit_with_traceback())
    system, default = (views.from_json(seen[form]) for form in ("dump --system", "dump"))
    t.check_none(go.compare(truth, system, t.silent_limit))
    user = {number: truth[number] for number in default if number in truth}
    t.check_none(go.compare(user, default, t.silent_limit))


@case(program="blocks", flavours=tuple(BARE), env={"GOTRACEBACK": "system"}, shared=False)
def is_as_good_as_unstripped(t):
    seen = look(t, t.program)
    found_by_itself(t, t.program, seen)
    equals_facts(t, t.program, seen)
    equals_runtime_stack(t, t.program, seen)
    whole = unstripped(t.flavour)
    if whole:
        equals_unstripped(t, t.program, t.path(f"blocks-{whole}"))
    equals_sigquit(t, t.program, seen)


@case()
def garbled(t):
    """Names are hashes, the table's magic is a random number, and no version is told."""
    if not (t.directory / "blocks-garbled").exists():
        raise Skip("garbled programs are built with a few versions only")
    with Program([t.path("blocks-garbled")], {"GOTRACEBACK": "system"}) as program:
        seen = look(t, program)
        version = seen["summary"]["go_version"]
        t.equal(minor_of(version), t.minor, f"the minor version of {version}")
        equals_runtime_stack(t, program, seen)
        for fact in program.ready["goroutines"]:
            fact["element"] = ""  # types have other names, too
        equals_facts(t, program, seen)
        equals_sigquit(t, program, seen)


@case()
def plugins(t):
    """A host and its plugin, both stripped: two modules of code and data."""
    if not (t.directory / "pluginhost-stripped").exists():
        raise Skip("plugins are built with a few versions only")
    command = [t.path("pluginhost-stripped"), t.path("part-stripped.so")]
    with Program(command, {"GOTRACEBACK": "system"}) as program:
        seen = look(t, program)
        found_by_itself(t, program, seen)
        of_plugin = [
            one for one in views.from_json(seen["dump --user"]).values()
            if any("/plugin/part/" in frame.file for frame in one.frames)
        ]
        t.equal(len(of_plugin), 9, "goroutines in the plugin")
        equals_runtime_stack(t, program, seen)
        equals_unstripped(t, program, t.path("pluginhost"))
        equals_sigquit(t, program, seen)


@case()
def libraries(t):
    """A stripped library that a C program has loaded."""
    with tempfile.TemporaryDirectory() as directory:
        host = f"{directory}/host"
        subprocess.run(["strip", "-o", host, tool("cshared_host")], check=True)
        for how in GO_OF_C:
            with Program([host, t.path(f"library-{how}.so")]) as program:
                seen = look(t, program)
                found_by_itself(t, program, seen)
                t.equal(seen["summary"]["exe"], os.path.realpath(host), "exe")
                count = program.ready["num_goroutine"]
                t.equal(seen["summary"]["goroutines"]["count"], count, "goroutines.count")
                works = [
                    one for one in views.from_json(seen["dump --user"]).values()
                    if one.frames[-1].function == "main.work"
                ]
                t.equal(len(works), 8, "goroutines in main.work")
                equals_unstripped(t, program, t.path("library.so"))
