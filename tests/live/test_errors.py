# SPDX-License-Identifier: MIT
"""Bad input: one clear line, the exit status of the contract, never a crash or a hang."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from harness import SPY, Skip, case

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
