# SPDX-License-Identifier: MIT
"""What live tests are made of: cases, and what a case gets to work with.

A case is a function with the decorator @case. It runs once for each Go version and each build
flavour that it asks for, on a running fixture:

    @case(program="blocks", flavours=ALL)
    def ids_agree(t):
        t.equal(t.spy.json("dump", t.pid)["pid"], t.pid, "pid")

Cases that ask for the same program in the same way share one process, unless shared=False.
"""

import json
import os
import pathlib
import subprocess
from dataclasses import dataclass

from program import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPY = pathlib.Path(os.environ.get("SPY", ROOT / "build/spy"))

DEFAULT = ("default",)
# Build flavours of the blocks program that carry DWARF of their own.
WITH_DWARF = ("default", "pie", "cgo", "cgopie", "race", "nl", "trimpath")
# Copies without symbols, and the file that goes with each as --bin.
STRIPPED = {"stripped": "default", "strippedpie": "pie", "strippedcgo": "cgo"}
ALL = (*WITH_DWARF, "nodwarf", *STRIPPED)

# Programs without symbols and DWARF that are looked into with nothing else at hand, and the flavour
# that each is a copy of; "bare" ones have no section headers either.
BARE = {
    "sw": None,
    "stripped": "default",
    "strippedpie": "pie",
    "strippedcgo": "cgo",
    "strippedcgopie": "cgopie",
    "strippedstatic": "static",
    "strippedrace": "race",
    "strippednl": "nl",
    "strippedtrimpath": "trimpath",
    "bare": "stripped",
    "barepie": "strippedpie",
    "barecgopie": "strippedcgopie",
}
FLAVOURS = (*ALL, "static", *(flavour for flavour in BARE if flavour not in ALL))


def unstripped(flavour):
    """The flavour whose program has the symbols of this one, or None where there is none."""
    while flavour in BARE:
        flavour = BARE[flavour]
    return flavour

# A few versions for what is slow: the ends, and where the runtime changed most in between.
FEW = (10, 14, 17, 21, 27)


class Skip(Exception):
    """Why a case cannot run here."""


class Failed(Exception):
    """What a case found wrong, one line each."""


@dataclass(frozen=True)
class Case:
    name: str
    run: object
    program: str | None
    arguments: tuple
    env: tuple
    flavours: tuple
    minors: tuple | None
    shared: bool
    once: bool
    turns: int
    seconds: float


CASES = []


def case(program=None, arguments=(), env=None, flavours=DEFAULT, minors=None, shared=True,
         once=False, turns=1, seconds=0.2):
    """Registers a case. minors: only these Go versions; once: the newest version at hand only.
    turns: each flavour has its turn on every second (third, …) version; what is proved so is the
    same in every build, or proved by another case on all of them. seconds: about how long it takes."""

    def register(function):
        module = function.__module__.removeprefix("test_")
        if not set(flavours) <= set(FLAVOURS):
            raise ValueError(f"{function.__name__} asks for flavours that nobody runs: {flavours}")
        CASES.append(
            Case(
                name=f"{module}.{function.__name__}",
                run=function,
                program=program,
                arguments=tuple(arguments),
                env=tuple(sorted((env or {}).items())),
                flavours=flavours,
                minors=minors,
                shared=shared,
                once=once,
                turns=turns,
                seconds=seconds,
            )
        )
        return function

    return register


class Spy:
    """The program under test."""

    def run(self, *arguments, seconds=60, env=None):
        """Runs it to its end; the result has returncode, stdout and stderr."""
        command = [str(SPY), *(str(argument) for argument in arguments)]
        # No server is asked for debug information but where a test says so.
        quiet = {"NO_COLOR": "1", "DEBUGINFOD_URLS": ""}
        environment = {**os.environ, **quiet, **(env or {})}
        done = subprocess.run(
            command, capture_output=True, timeout=seconds, env=environment, check=False
        )
        done.stdout = done.stdout.decode("utf-8", "replace")
        done.stderr = done.stderr.decode("utf-8", "replace")
        if done.returncode < 0 or "Sanitizer" in done.stderr:
            raise Failed(f"{' '.join(command)} died by {done.returncode}: {done.stderr[-1500:]}")
        return done

    def text(self, *arguments, **options):
        done = self.run(*arguments, **options)
        if done.returncode:
            raise Failed(f"spy {' '.join(map(str, arguments))}: exit {done.returncode}: "
                         f"{done.stderr.strip()}")
        return done.stdout

    def json(self, command, *arguments, **options):
        text = self.text(command, *arguments, "--json", **options)
        try:
            return json.loads(text)
        except ValueError as error:
            raise Failed(f"spy {command}: not JSON: {error}: {text[:200]!r}") from error


class Trial:
    """One case on one version and flavour: what the function gets."""

    def __init__(self, one, version, flavour, directory, program):
        self.case, self.version, self.flavour = one, version, flavour
        self.directory, self.program = directory, program
        self.spy = Spy()
        self.problems = []

    @property
    def pid(self):
        return self.program.pid

    @property
    def minor(self):
        return minor_of(self.version)

    @property
    def bin(self):
        """The arguments that give spy the symbols of a stripped program."""
        whole = STRIPPED.get(self.flavour)
        return ("--bin", self.directory / f"blocks-{whole}") if whole else ()

    @property
    def silent_limit(self):
        """Whether tracebacks of this version end early without a word."""
        return self.minor <= 20

    def path(self, name):
        path = self.directory / name
        if not path.exists():
            raise Skip(f"{name} was not built")
        return path

    def start(self, program, *arguments, flavour="default", env=None):
        return Program([self.path(f"{program}-{flavour}"), *arguments], env)

    def check(self, truth, message):
        if not truth:
            self.problems.append(message)
        return truth

    def equal(self, got, want, what):
        return self.check(got == want, f"{what} is {got!r}, should be {want!r}")

    def check_none(self, problems):
        self.problems += problems


def tool(name):
    """A program that was built beside spy for tests."""
    path = SPY.parent / name
    if not path.exists():
        raise Skip(f"{path} was not built")
    return path


def minor_of(version):
    return int(version.removeprefix("go1.").split(".")[0].split("rc")[0].split("beta")[0])
