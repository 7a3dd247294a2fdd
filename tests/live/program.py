# SPDX-License-Identifier: MIT
"""Runs the fixtures: Go programs that print their truth as lines of JSON and obey commands."""

import json
import os
import select
import signal
import subprocess
import tempfile
import time

START_SECONDS = 30  # a machine may be busy


class Program:
    """A running fixture. `ready` is the first line that it printed."""

    def __init__(self, command, env=None, rests=True):
        """rests: that it, and not a child of it, reads what is asked; then it is waited for."""
        self._rests = rests
        self._stderr = tempfile.TemporaryFile()
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": "/", **(env or {})}
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=environment,
        )
        self._buffer = b""
        try:
            self.ready = self._line(START_SECONDS)
            self._await_reading()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.process.pid

    def next(self):
        """Another line that it prints unasked."""
        return self._line(START_SECONDS)

    def ask(self, command, seconds=START_SECONDS):
        """Sends a command and returns its answer."""
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        answer = self._line(seconds)
        self._await_reading()
        return answer

    def _await_reading(self):
        """Waits until the program reads its standard input again: then it has come to rest. One that
        prints unasked never does."""
        end = time.monotonic() + 1
        while self._rests and time.monotonic() < end and not self._has_more():
            for thread in self.threads():
                try:
                    with open(f"/proc/{self.pid}/task/{thread}/syscall") as call:
                        if call.read().startswith("0 0x0 "):  # read(2) from descriptor 0
                            return
                except OSError:
                    continue  # the thread has ended, or we may not look
            time.sleep(0.001)

    def _has_more(self):
        return self._buffer or select.select([self.process.stdout], [], [], 0)[0]

    def _line(self, seconds):
        end = time.monotonic() + seconds
        line, found, rest = self._buffer.partition(b"\n")
        chunks = [line]
        while not found:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self._buffer = b"".join(chunks)
                raise TimeoutError(f"{self.process.args[0]}: no answer in {seconds} s")
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                raise EOFError(f"{self.process.args[0]} ended: {self.stderr()[-2000:]}")
            line, found, rest = chunk.partition(b"\n")
            chunks.append(line)
        self._buffer = rest
        return json.loads(b"".join(chunks).decode("utf-8", "replace"))

    def uncounted(self):
        """Ids of goroutines that a traceback shows and runtime.NumGoroutine does not count: the
        one that runs finalizers, while it is in one of the program's."""
        return {one["id"] for one in self.ready["goroutines"] if one["name"] == "finalizer"}

    def stderr(self):
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")

    def running(self):
        return self.process.poll() is None

    def state(self):
        """The letter of its first thread in /proc/PID/stat: R, S, T, t, …"""
        with open(f"/proc/{self.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def threads(self):
        return sorted(int(name) for name in os.listdir(f"/proc/{self.pid}/task"))

    def quit_with_traceback(self):
        """Sends SIGQUIT; returns what the runtime then writes to standard error."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_SECONDS)
        return self.stderr()

    def stop(self):
        if self.running():
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self._stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
