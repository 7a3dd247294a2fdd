#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`spy var`, `spy vars`: which process and expressions are meant, what is printed and how often."""

import json
import re
import signal
import subprocess
import time

from helper import contains, equal, main, program, spy, spy_json, true, usage_error

FAST = ("--interval", "1ms")


def asked(*arguments, **options):
    """What the engine was asked to read."""
    told = spy("var", *arguments, env={"FAKE_TELL": "1"}, **options).stderr
    return re.findall(r"^read (\S+) depth=(-?\d+) elements=(-?\d+) string_bytes=(-?\d+)$", told,
                      re.M)


def expressions(*arguments):
    return [expression for expression, *_ in asked(*arguments)]


def test_a_simple_value():
    equal(spy("var", "--pid", "5", "--name", "main.count").stdout, "type: int32, value: 0\n")
    equal(spy("var", "main.count").stdout, "type: int32, value: 0\n")
    equal(spy("var", "5", "runtime.ncpu").stdout,
          "name: runtime.numCPUStartup\ntype: int32, value: 0\n")
    equal(spy("var", "-p5", "main.a", "main.b").stdout,
          "name: main.a\ntype: int32, value: 0\nname: main.b\ntype: int32, value: 0\n")


def test_which_argument_is_the_process():
    equal(expressions("main.a"), ["main.a"])
    equal(expressions("len(main.a)"), ["len(main.a)"])
    equal(expressions("shop", "main.a", "main.b"), ["main.a", "main.b"])
    equal(expressions("12", "main.a"), ["main.a"])
    equal(expressions("--pid", "12", "main.a", "main.b"), ["main.a", "main.b"])
    equal(expressions("main.a", "--pid", "12", "main.b"), ["main.a", "main.b"])
    equal(expressions("--core", "/dev/null", "main.a"), ["main.a"])
    equal(expressions("shop", "--name", "main.a"), ["main.a"])
    equal(expressions("shop", "main.b", "--name", "main.a"), ["main.b", "main.a"])
    equal(expressions("--pid", "12", "--", "main.a"), ["main.a"])


def test_without_an_expression():
    for arguments in ((), ("shop",), ("12",), ("--pid", "12")):
        contains(usage_error("var", *arguments), "no variable given")
    contains(usage_error("var", "main.typo"), "no variable main.typo: nearest: main.type")


def test_limits():
    equal(asked("main.a"), [("main.a", "0", "0", "0")])
    equal(asked("main.a", "--depth", "3", "-n", "5", "--string-bytes=7"),
          [("main.a", "3", "5", "7")])
    equal(asked("main.a", "--depth=0", "--elements=0", "--string-bytes", "0"),
          [("main.a", "-1", "-1", "-1")])
    usage_error("var", "main.a", "--depth", "-1")


def test_json():
    value = spy_json("var", "usual", "main.cfg")
    equal((value["name"], value["type"], value["kind"], value["address"], value["size"]),
          ("main.cfg", "main.config", "struct", "0x5a0000", 400))
    equal(value["value"]["Mask"], 2**64 - 1)
    equal(value["value"]["Some"],
          {"value": [1, -2, -2**63], "len": 1000, "cap": 1024, "truncated": True})
    equal(value["value"]["Gone"], None)
    equal(value["warnings"], ["main.cfg.Gone: cannot read 8 bytes at 0xdead"])
    true("raw" not in value)
    equal(spy_json("var", "usual", "main.cfg", "--raw")["raw"],
          "0102611b7f060708090a0b0c0d0e0f1011")
    unknown = spy_json("var", "unknown", "main.cfg")
    equal((unknown["value"], unknown["error"]), (None, "its type is not known"))
    renamed = spy_json("var", "shop", "runtime.ncpu")
    equal((renamed["name"], renamed["expression"]), ("runtime.numCPUStartup", "runtime.ncpu"))
    lines = spy("var", "-p5", "-j", "main.a", "main.b").stdout.splitlines()
    equal([json.loads(line)["name"] for line in lines], ["main.a", "main.b"])


def test_forms():
    one = spy("var", "usual", "main.cfg", "--one-line").stdout
    equal(one.count("\n"), 1)
    contains(one, "type: main.config, value: {Debug: true, Port: 8080, ")
    true(spy("var", "usual", "main.cfg").stdout.count("\n") > 30)
    contains(spy("var", "usual", "main.cfg", "--raw").stdout, "0000005a0010  11 ")
    contains(spy("var", "hostile", "main.cfg").stderr, "spy: warning: a\\x1b]0;")


def test_watching():
    lines = spy("var", "main.count", *FAST, "--count", "3").stdout.splitlines()
    equal([re.sub(r"^.*\.\d{3} ", "", line) for line in lines],
          [f"type: int32, value: {n}" for n in range(3)])
    true(re.match(r"^1970-01-01 00:16:40\.000 type", lines[0]), lines[0])
    every = spy("var", "main.count", *FAST, "--count", "5", "--every", "--json").stdout
    equal([json.loads(line)["value"] for line in every.splitlines()], [0, 0, 1, 1, 2])
    equal(len(spy("var", "--core", "/dev/null", "main.count", *FAST).stdout.splitlines()), 1)


def test_what_leads_nowhere_for_a_while():
    lines = spy("var", "*main.sometimes", *FAST, "--count", "3").stdout.splitlines()
    contains(lines[1], "*main.sometimes: main.sometimes is nil")
    contains(lines[2], "type: int32, value: 1")
    lines = spy("var", "*main.sometimes", *FAST, "--count", "3", "--json").stdout.splitlines()
    second = json.loads(lines[1])
    equal((second["value"], second["error"]), (None, "main.sometimes is nil"))
    contains(usage_error("var", "main.typo", *FAST), "nearest")


def test_a_process_that_ends():
    done = spy("var", "-p17", "main.count", *FAST, "--json", status=3)
    equal(len(done.stdout.splitlines()), 3)
    equal(done.stderr, "spy: process 17 has ended: 3 values before that\n")


def test_wrong_usage():
    contains(usage_error("var", "main.a", "--every"), "--every goes with --interval")
    contains(usage_error("var", "main.a", "--count", "2"), "--count goes with --interval")
    usage_error("var", "main.a", "--interval", "10us")
    usage_error("var", "main.a", "--name", "")
    contains(usage_error("summary", "12", "13"), "one [PID|NAME] too many")


def test_an_interrupt_ends_it_well():
    with subprocess.Popen([program(), "var", "main.count", "--interval", "10ms"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        equal(process.wait(10), 0)


def test_values_are_written_as_they_come():
    before = time.monotonic()
    with subprocess.Popen([program(), "var", "main.count", "--interval", "1h"],
                          stdout=subprocess.PIPE, text=True) as process:
        contains(process.stdout.readline(), "value: 0")
        process.kill()
    true(time.monotonic() - before < 30)


def test_lists():
    names = [v["name"] for v in spy_json("vars", "usual")["variables"]]
    equal(names, ["example.com/app/db.pool", "main.cfg", "main.odd", "runtime.numCPUStartup"])
    equal(spy_json("vars", "usual")["variables"][2],
          {"name": "main.odd", "package": "main", "type": None, "address": "0x5a0200",
           "size": None})
    for arguments, wanted in (
            (("usual", "cfg", "*pool"), ["example.com/app/db.pool", "main.cfg"]),
            (("--pid", "5", "main."), ["main.cfg", "main.odd"]),
            (("--core", "/dev/null", "--type", "int32"), ["runtime.numCPUStartup"]),
            (("usual", "--sort", "size", "-n2"), ["main.cfg", "example.com/app/db.pool"]),
            (("usual", "--package", "app/db"), ["example.com/app/db.pool"]),
            (("usual", "nothing"), [])):
        equal([v["name"] for v in spy_json("vars", *arguments)["variables"]], wanted, arguments)
    done = spy("vars", "usual", "--limit", "1")
    equal((done.stdout.count("\n"), done.stderr), (2, "spy: 3 more\n"))
    contains(usage_error("vars", "usual", "nothing"), "lists all 4")
    contains(spy("vars", "unknown").stderr, "only variables of the runtime are known")
    equal(spy_json("vars", "unknown")["warnings"], ["only variables of the runtime are known"])


if __name__ == "__main__":
    main(globals())
