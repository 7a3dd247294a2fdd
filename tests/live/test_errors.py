# SPDX-License-Identifier: MIT
"""Bad input: one clear line, the exit status of the contract, never a crash or a hang."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from harness import SPY, Skip, case
from program import Program

DATA, USAGE, NO_PROCESS, PERMISSION, NOT_GO = 1, 2, 3, 4, 5


def refused(t, status, *arguments, says=""):
    """spy ends with the status, one line on standard error, and nothing on standard output."""
    done = t.spy.run(*arguments, seconds=30)
    what = f"spy {' '.join(str(argument) for argument in arguments)}"
    t.equal(done.returncode, status, f"{what}: exit status ({done.stderr.strip()})")
    t.equal(len(done.stderr.splitlines()), 1, f"{what}: lines of the message {done.stderr!r}")
    t.check(done.stderr.startswith("spy: "), f"{what}: message {done.stderr!r}")
    t.check(says in done.stderr, f"{what}: {done.stderr!r} should say {says!r}")
    t.equal(done.stdout, "", f"{what}: standard output")


COMMANDS = ("summary", "dump")


@case(once=True)
def no_such_process(t):
    child = subprocess.Popen(["true"])
    child.wait()
    free = child.pid  # numbers are given again only after all others
    for command in COMMANDS:
        refused(t, NO_PROCESS, command, "--pid", free)
        refused(t, NO_PROCESS, command, free)
        refused(t, NO_PROCESS, command, "no-program-has-this-name")


@case(once=True)
def wrong_usage(t):
    for arguments in (
        ["no-such-command"],
        ["dump", "--no-such-option"],
        ["dump", "--pid"],
        ["dump", "--pid", "x"],
        ["dump", "--pid", "-1"],
        ["dump", "--pid", "99999999999999999999"],
        ["dump", "--goroutine", "x", "--pid", os.getpid()],
    ):
        refused(t, USAGE, *arguments)


@case(once=True)
def not_go(t):
    sleep = subprocess.Popen(["sleep", "60"])
    try:
        time.sleep(0.05)
        for command in COMMANDS:
            refused(t, NOT_GO, command, "--pid", sleep.pid)
    finally:
        sleep.kill()
        sleep.wait()


@case(once=True)
def zombie(t):
    child = subprocess.Popen(["true"])
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        for command in COMMANDS:
            refused(t, NO_PROCESS, command, "--pid", child.pid)
    finally:
        child.wait()


@case(once=True)
def kernel_thread(t):
    if not pathlib.Path("/proc/2/exe").is_symlink() or pathlib.Path("/proc/2/cmdline").read_text():
        raise Skip("no kernel threads can be seen here")
    refused(t, NOT_GO, "summary", "--pid", 2)


@case(once=True)
def another_tracer(t):
    """A process that is traced by another can still be read, but not stopped."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    with t.start("many", "-n=5") as program:
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-p", str(program.pid)], stderr=subprocess.PIPE
        )
        try:
            tracer.stderr.read(10)  # "strace: Process … attached"
            refused(t, PERMISSION, "dump", "--pid", program.pid, says="trac")
            seen = t.spy.json("dump", "--non-blocking", "--pid", program.pid)
            t.equal(len(seen["goroutines"]), 6, "goroutines of --non-blocking")
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()


@case(once=True)
def not_permitted(t):
    if os.getuid() != 0:
        raise Skip("needs root, to be another user")
    with t.start("many", "-n=5") as program, tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        spy = shutil.copy(SPY, directory)
        done = subprocess.run(
            [spy, "dump", "--pid", str(program.pid)],
            capture_output=True,
            text=True,
            user="nobody",
            group="nogroup",
            extra_groups=[],
            check=False,
            timeout=30,
        )
        t.equal(done.returncode, PERMISSION, f"exit status ({done.stderr.strip()})")
        t.check("sudo" in done.stderr, f"the message should name what helps: {done.stderr!r}")


@case(once=True)
def ends_while_it_is_read(t):
    """The target may die at any moment: an answer, or "it ended"."""
    for i in range(40):
        with t.start("many", "-n=3000") as program:
            spy = subprocess.Popen(
                [SPY, "dump", "--json", "--pid", str(program.pid)]
                + (["--non-blocking"] if i % 2 else []),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            time.sleep(i * 0.0005)
            program.process.kill()
            message = spy.communicate(timeout=30)[1].decode()
            t.check(
                spy.returncode in (0, DATA, NO_PROCESS), f"exit {spy.returncode}: {message.strip()}"
            )


@case(once=True)
def corrupt_binary(t):
    """Bytes of the file are changed, those that the process runs are not looked at by it."""
    whole = t.path("many-default").read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "bad")
        with t.start("many", "-n=5") as program:
            for cut in (0, 10, 64, 1000, len(whole) // 2, len(whole) - 100):
                path.write_bytes(whole[:cut])
                done = t.spy.run("dump", "--pid", program.pid, "--bin", path, seconds=30)
                t.check(done.returncode in (0, 1, 2, 5), f"cut at {cut}: exit {done.returncode}")


@case(once=True)
def several_candidates(t):
    with t.start("many", "-n=1") as one, t.start("many", "-n=1") as other:
        done = t.spy.run("summary", "many-default")
        t.equal(done.returncode, USAGE, f"exit status ({done.stderr.strip()})")
        for pid in (one.pid, other.pid):
            t.check(str(pid) in done.stderr, f"the message should list {pid}: {done.stderr!r}")


SLEEPER = "package main\n\nimport \"time\"\n\nfunc main() { time.Sleep(time.Hour) }\n"


def build(directory, compiler, *options, **variables):
    """A small program, of a kind that no fixture has."""
    if not shutil.which(compiler[0]):
        raise Skip(f"{compiler[0]} is not installed")
    source = pathlib.Path(directory, "sleeper.go")
    source.write_text(SLEEPER)
    path = pathlib.Path(directory, "sleeper")
    plain = {"GO111MODULE": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    done = subprocess.run(
        [*compiler, *options, "-o", path, source],
        capture_output=True,
        text=True,
        env={**os.environ, **plain, **variables},
        check=False,
    )
    if done.returncode:
        raise Skip(f"{' '.join(compiler)} cannot build it: {done.stderr.strip()[:80]!r}")
    return path


def refuses_program(t, path, status, says):
    try:
        process = subprocess.Popen([path])
    except OSError as error:
        raise Skip(f"this machine cannot run it: {error}") from error
    try:
        time.sleep(0.3)
        if process.poll() is not None:
            raise Skip("this machine cannot run it: it ended at once")
        for arguments in (["summary"], ["dump"], ["dump", "--non-blocking"]):
            refused(t, status, *arguments, "--pid", process.pid, says=says)
    finally:
        process.kill()
        process.wait()


@case(once=True)
def not_of_64_bits(t):
    with tempfile.TemporaryDirectory() as directory:
        refuses_program(t, build(directory, ["go", "build"], GOARCH="386"), NOT_GO, "32-bit")


@case(once=True)
def built_by_gccgo(t):
    with tempfile.TemporaryDirectory() as directory:
        refuses_program(t, build(directory, ["gccgo"]), NOT_GO, "gccgo")


@case(once=True)
def an_experiment_without_dwarf(t):
    """The table knows releases as they are: this experiment makes every lock larger."""
    with tempfile.TemporaryDirectory() as directory:
        path = build(directory, ["go", "build"], "-ldflags=-w", GOEXPERIMENT="staticlockranking")
        refuses_program(t, path, DATA, "layout")


@case(once=True)
def another_pid_namespace(t):
    """Process and threads have the numbers that they have here, not those that they know."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        raise Skip("needs root and unshare, to make a PID namespace")
    command = ["unshare", "--pid", "--fork", "--kill-child", t.path("many-default"), "-n=3"]
    try:
        program = Program(command, rests=False)
    except EOFError as reason:
        raise Skip(f"no PID namespace can be made here: {reason}") from reason
    with program:
        t.equal(program.ready["pid"], 1, "pid that the program sees")
        children = pathlib.Path(f"/proc/{program.pid}/task/{program.pid}/children")
        pid = int(children.read_text())
        seen = t.spy.json("summary", "--pid", pid)
        t.equal(seen["pid"], pid, "pid")
        t.equal(seen["goroutines"]["count"], 4, "goroutines")
        ours = {int(name) for name in os.listdir(f"/proc/{pid}/task")}
        t.check({m["thread"] for m in seen["ms"]} <= ours, f"threads {seen['ms']} are of {ours}")


def wrong_figures(truth, seen, where=""):
    """Where seen says other than truth; null says nothing."""
    if isinstance(truth, dict) and isinstance(seen, dict):
        found = (wrong_figures(truth[key], seen.get(key), f"{where}.{key}") for key in truth)
        return [line for lines in found for line in lines]
    if seen is None or seen == truth:
        return []
    return [f"{where[1:]} is {seen!r}, should be {truth!r}"]


@case(program="blocks", flavours=("stripped",), minors=(27,))
def corrupt_sections(t):
    """Bytes changed anywhere in --bin: the truth, null, or one clear line; never a wrong number."""
    changes = random.Random(1)
    whole = pathlib.Path(t.bin[1]).read_bytes()
    parts = ("goroutines", "memory", "gc")

    def figures(seen):
        picked = {part: seen[part] for part in parts}
        picked["memory"].pop("rss", None)
        return picked

    truth = figures(t.spy.json("summary", "--pid", t.pid, *t.bin))
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "bad")
        for attempt in range(60):
            bad = bytearray(whole)
            begin = changes.randrange(len(bad))
            for _ in range(changes.choice((1, 50, 5000))):
                bad[min(begin + changes.randrange(1 << 17), len(bad) - 1)] = changes.randrange(256)
            path.write_bytes(bad)
            done = t.spy.run("summary", "--json", "--pid", t.pid, "--bin", path, seconds=30)
            if done.returncode:
                t.check(done.returncode in (DATA, NOT_GO), f"{attempt}: exit {done.returncode}")
                t.equal(len(done.stderr.splitlines()), 1, f"{attempt}: lines of {done.stderr!r}")
            else:
                t.check_none(wrong_figures(truth, figures(json.loads(done.stdout))))
