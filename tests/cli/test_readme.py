#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The examples of the README do what they say: each is run against a live demo program."""

import contextlib
import functools
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from helper import ROOT, Skip, contains, equal, main, true

SPY = os.environ.get("SPY", str(ROOT / "build/spy"))
NAME = f"shop{os.getpid()}"  # no other process has it
# Commands that go on, and what they print at once; the demo need not collect in so short a time.
ENDLESS = {"stats": "GOROUTINES", "gctrace": ""}
# Commands that have the terminal, and what they show.
SCREENS = {"watch": "Goroutines"}


def examples():
    """The command lines, of all blocks of code. What follows "# or:" are more of them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            line = line.removeprefix("$ ").removeprefix("sudo ")
            if not line.startswith("spy "):
                continue
            yield line.partition("#")[0].strip()
            for other in line.partition("# or: ")[2].split(", "):
                # The target may be left out where no other Go program runs: not while tests do.
                if len(other.split()) > 2:
                    yield other


@functools.cache
def folder():
    return tempfile.TemporaryDirectory(prefix="spy-readme-")


@functools.cache
def shop():
    """The demo program as the README has it: (with symbols, stripped)."""
    if not shutil.which("go"):
        raise Skip("there is no go command to build the demo with")
    whole, stripped = (pathlib.Path(folder().name, name) for name in (NAME, f"{NAME}-stripped"))
    environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", whole, "."], cwd=ROOT / "fixtures/demo",
                   env=environment, check=True)
    subprocess.run(["strip", "-o", stripped, whole], check=True)
    return whole, stripped


@contextlib.contextmanager
def running(path):
    """The program, once it is open for business."""
    with subprocess.Popen([path], stdout=subprocess.PIPE) as program:
        try:
            program.stdout.readline()
            time.sleep(0.2)  # for customers and cooks to come
            yield program.pid
        finally:
            program.kill()


def run(arguments):
    done = subprocess.run([SPY, *arguments], capture_output=True, text=True, timeout=60,
                          check=False)
    equal(done.returncode, 0, f"exit status of spy {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def interrupted(arguments, seconds=2):
    """What a command printed that goes on until it is interrupted."""
    with subprocess.Popen([SPY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as spy:
        time.sleep(seconds)
        spy.send_signal(signal.SIGINT)
        stdout, stderr = spy.communicate(timeout=60)
    equal((spy.returncode, stderr), (0, ""), f"spy {' '.join(arguments)}")
    return stdout


def shown(arguments, part, seconds=20):
    """What a command wrote to its terminal until something was there; then it is told to quit."""
    leader, follower = os.openpty()
    subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=follower, check=True)
    environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    text = b""
    with subprocess.Popen([SPY, *arguments], stdin=follower, stdout=follower,
                          stderr=subprocess.PIPE, env=environment) as spy:
        os.close(follower)
        end = time.monotonic() + seconds
        while part not in text and time.monotonic() < end and spy.poll() is None:
            if select.select([leader], [], [], 0.1)[0]:
                text += os.read(leader, 65536)
        os.write(leader, b"q")
        try:
            while os.read(leader, 65536):
                pass  # until it has closed its side
        except OSError:
            pass
        equal((spy.wait(20), spy.stderr.read()), (0, b""), f"spy {' '.join(arguments)}")
    os.close(leader)
    return text


def test_there_are_examples():
    true(len(list(examples())) > 8, str(list(examples())))


def test_examples():
    whole, stripped = shop()
    for line in examples():
        words = shlex.split(line)[1:]
        with running(stripped if "--bin" in words else whole) as pid:
            if "--goroutine" in words:
                seen = json.loads(run(["dump", "--pid", str(pid), "--json"]))["goroutines"]
                words[words.index("--goroutine") + 1] = str(seen[-1]["id"])
            name = {"shop": f"{NAME}-stripped" if "--bin" in words else NAME,
                    "1234": str(pid), "./shop": str(whole)}
            words = [name.get(word, word) for word in words]
            if words[0] in ENDLESS:
                contains(interrupted(words), ENDLESS[words[0]])
                continue
            if words[0] in SCREENS:
                part = SCREENS[words[0]].encode()
                true(part in shown(words, part), f"{line} does not show {part}")
                continue
            text = run(words)
            true(text, f"{line} prints nothing")
            found = {"dump": "main.", "metrics": "/sched/", "var": "type: ",
                     "vars": "runtime.mheap_"}
            if words[0] in found:
                contains(text, found[words[0]])
            else:
                contains(text, str(pid))


if __name__ == "__main__":
    main(globals())
