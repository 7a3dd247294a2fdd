# SPDX-License-Identifier: MIT
"""A real terminal for tests: programs run in tmux, are sent keys, and their screens are read.

    with Screen(["watch", "--replay", path], columns=80, rows=24) as screen:
        screen.wait("Goroutines")
        screen.keys("Left", "q")
        equal(screen.exit_status(), 0)

Every file here runs by itself and ends with "N passed, N failed, N skipped", as in tests/cli.
"""

import concurrent.futures
import importlib.util
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True

# The runner and the assertions of tests/cli; a file here says `from helper import …` for them, too.
_spec = importlib.util.spec_from_file_location("cli_helper", ROOT / "tests/cli/helper.py")
_cli = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cli)
Skip, contains, equal, true = _cli.Skip, _cli.contains, _cli.equal, _cli.true

SPY = os.environ.get("SPY", str(ROOT / "build/spy"))
PATIENCE = 20  # seconds for anything to appear: a machine may be busy


def main(names):
    """Runs the functions test_… of a file, some at a time since they mostly wait, and exits."""
    functions = [function for name, function in names.items() if name.startswith("test_")]
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for function, future in [(one, pool.submit(one)) for one in functions]:
            try:
                future.result()
                passed += 1
            except Skip as reason:
                skipped += 1
                print(f"skipped: {function.__name__}: {reason}")
            except Exception:  # whatever it is, it is a failure, and the others go on
                failed += 1
                print(f"FAILED {function.__name__}")
                traceback.print_exc(limit=-3, file=sys.stdout)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)


class Screen:
    """spy on a terminal of its own, of so many columns and rows.

    `env` is added to a small environment (TERM=xterm-256color, LC_ALL=C.UTF-8, TZ=UTC); None takes a
    variable out. `command` in place of `arguments` runs another program.
    """

    def __init__(self, arguments=(), columns=80, rows=24, env=None, command=None):
        if not shutil.which("tmux"):
            raise Skip("tmux is not installed")
        self.folder = tempfile.TemporaryDirectory(prefix="spy-tui-")
        self.socket = f"{self.folder.name}/tmux"
        self.status = f"{self.folder.name}/status"
        self.raw = f"{self.folder.name}/raw"
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name,
                       "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        words = ["env", "-i", *(f"{key}={value}" for key, value in environment.items()
                                if value is not None)]
        # A shell with job control: suspended, the program comes back with the next Enter.
        program = shlex.join([*words, *map(str, command or [SPY, *arguments])])
        folder = self.folder.name
        script = (f"stty -a >{folder}/before; "
                  f"(echo $BASHPID >{folder}/pid; exec {program}) 2>{folder}/stderr; status=$?; "
                  'while [ -n "$(jobs -s)" ]; do echo it is suspended; read -r; '
                  "fg >/dev/null; status=$?; done; "
                  f"stty -a >{folder}/after.new; echo $status >{self.status}; "
                  f"mv {folder}/after.new {folder}/after; echo it has ended; exec sleep 1000")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows,
                   shlex.join(["bash", "--norc", "-mc", script]),
                   ";", "set", "-g", "escape-time", "0", ";", "set", "-g", "remain-on-exit", "on")

    def _tmux(self, *arguments):
        """Runs tmux; a server that is just starting is given a moment."""
        command = ["tmux", "-S", self.socket, *(str(argument) for argument in arguments)]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        done = subprocess.run(command, capture_output=True, check=False, timeout=60,
                              env=environment)
        if done.returncode:
            raise AssertionError(f"tmux {arguments[0]}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace")

    def keys(self, *names):
        """Sends keys by tmux's names ("Left", "Escape", "C-c"); what is no name is typed."""
        self._tmux("send-keys", *names)

    def type(self, text):
        """Sends characters as they are."""
        self._tmux("send-keys", "-l", text)

    def text(self):
        """What the screen shows, a line for each row."""
        return self._tmux("capture-pane", "-p")

    def styled(self):
        """The same with the escape sequences of colours and attributes."""
        return self._tmux("capture-pane", "-p", "-e")

    def wait(self, what, seconds=PATIENCE):
        """Waits until the screen shows a text, matches a compiled pattern, or makes a function of
        its text true; returns the text."""
        if isinstance(what, re.Pattern):
            holds = what.search
        elif callable(what):
            holds = what
        else:
            holds = lambda text: what in text  # noqa: E731
        end = time.monotonic() + seconds
        while True:
            text = self.text()
            if holds(text):
                return text
            if time.monotonic() > end:
                raise AssertionError(f"waited for {what!r}; the screen shows:\n{text}\n"
                                     f"{self.stderr()}")
            time.sleep(0.02)

    def gone(self, what, seconds=PATIENCE):
        """Waits until a text is not shown any more."""
        return self.wait(lambda text: what not in text, seconds)

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", columns, "-y", rows)

    def record(self):
        """From now on the bytes that the program writes are kept, for written()."""
        self._tmux("pipe-pane", f"cat >{self.raw}")

    def written(self):
        with open(self.raw, "rb") as file:
            return file.read()

    def press(self, row, column):
        """Presses the mouse's first button in a cell, counted from 0 (SGR coordinates)."""
        self.type(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m")

    def pid(self):
        """The pid of the program."""
        return int(pathlib.Path(self.folder.name, "pid").read_text())

    def exit_status(self, seconds=PATIENCE):
        """Waits until the program has ended, and checks that it left the terminal as it was."""
        end = time.monotonic() + seconds
        while not os.path.exists(f"{self.folder.name}/after"):
            if time.monotonic() > end:
                raise AssertionError(f"it does not end; the screen shows:\n{self.text()}")
            time.sleep(0.02)
        self.wait("it has ended")
        # but for the first line, which tells the size
        before, after = (pathlib.Path(self.folder.name, name).read_text().partition("\n")[2]
                         for name in ("before", "after"))
        if before != after:
            raise AssertionError(f"the terminal was {before}, is {after}")
        return int(pathlib.Path(self.status).read_text())

    def stderr(self):
        try:
            return pathlib.Path(self.folder.name, "stderr").read_text(errors="replace")
        except OSError:
            return ""

    def close(self):
        try:
            self._tmux("kill-server")
        except (AssertionError, subprocess.TimeoutExpired):
            pass  # it has gone already
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
