# SPDX-License-Identifier: MIT
"""Reads the text of a Go traceback, of every version from 1.10 on, and compares two of them.

The text is what runtime.Stack gives, what a process leaves on SIGQUIT, and what `spy dump` prints.
The forms are those of runtime/traceback.go: goroutineheader, traceback2, printcreatedby.
"""

import itertools
import re
from dataclasses import dataclass, field

HEADER = re.compile(
    r"^goroutine (?P<id>\d+)(?: gp=(?P<gp>\S+) m=(?P<m>\S+)(?: mp=(?P<mp>\S+))?)?"
    r" \[(?P<state>[^\]\n]*)\](?: \{(?P<labels>.*)\})?:$",
    re.MULTILINE,
)
PLACE = re.compile(r"^\t(?P<file>.*):(?P<line>\d+)(?: \+0x(?P<offset>[0-9a-f]+))?(?P<rest>.*)$")
PC = re.compile(r"\bpc=0x([0-9a-f]+)")
CREATED = re.compile(r"^created by (?P<function>.*?)(?: in goroutine (?P<goroutine>\d+))?$")
ELIDED = re.compile(r"^\.\.\.(?:(\d+)|additional) frames elided\.\.\.$")


@dataclass
class Frame:
    function: str
    file: str = ""
    line: int = 0
    inlined: bool = False
    offset: int | None = None  # from the function's entry; inlined frames have none
    pc: int | None = None  # where the text says it

    def place(self):
        return (self.function, self.file, self.line, self.inlined)

    def __str__(self):
        return f"{self.function}{'(...)' if self.inlined else '()'} {self.file}:{self.line}"


@dataclass
class Goroutine:
    id: int
    state: str  # "chan receive", "running", …
    minutes: int = 0
    locked: bool = False
    labels: str | None = None
    frames: list = field(default_factory=list)
    elided_at: int | None = None  # before which frame the text leaves some out
    elided: int | None = None  # how many; None where it does not say
    created_by: Frame | None = None
    creator: int | None = None
    unavailable: bool = False  # "running on other thread; stack unavailable"


def parse(text):
    """All goroutines of a traceback, by id; that of thread 0 (id 0) is left out."""
    found, bodies = {}, {}
    headers = list(HEADER.finditer(text))
    for header, following in itertools.zip_longest(headers, headers[1:]):
        end = following.start() if following else len(text)
        body = text[header.end() + 1 : end].partition("\n\n")[0]
        goroutine = _goroutine(header)
        if body not in bodies:  # most of many goroutines have the stack of another
            bodies[body] = _body("" if body.startswith("\n") else body)
        goroutine.__dict__.update(bodies[body])
        # A traceback may tell one goroutine twice: of the running thread, then of all.
        found.setdefault(goroutine.id, goroutine)
    found.pop(0, None)
    return found


def _body(text):
    """What the lines below a header tell, as attributes of a Goroutine."""
    told, frame = {"frames": []}, None
    for line in text.splitlines():
        if line.startswith("\t"):
            place = PLACE.match(line)
            if "stack unavailable" in line:
                told["unavailable"] = True
            elif place and frame:
                _place(frame, place)
        elif ELIDED.match(line):
            count = ELIDED.match(line).group(1)
            told["elided_at"] = len(told["frames"])
            told["elided"] = int(count) if count else None
        elif CREATED.match(line):
            created = CREATED.match(line)
            frame = told["created_by"] = Frame(created["function"])
            told["creator"] = int(created["goroutine"]) if created["goroutine"] else None
        elif line.endswith(")"):
            at = line.rindex("(")
            frame = Frame(line[:at], inlined=line[at:] == "(...)")
            told["frames"].append(frame)
    return told


def _goroutine(header):
    """From a header line: "[chan receive, 5 minutes, locked to thread]" and the like."""
    state, *notes = header["state"].split(", ")
    goroutine = Goroutine(int(header["id"]), state, labels=header["labels"])
    for note in notes:
        if note == "locked to thread":
            goroutine.locked = True
        elif note.endswith(" minutes"):
            goroutine.minutes = int(note.split()[0])
    return goroutine


def _place(frame, place):
    frame.file = place["file"]
    frame.line = int(place["line"])
    frame.offset = int(place["offset"], 16) if place["offset"] else None
    pc = PC.search(place["rest"])
    frame.pc = int(pc.group(1), 16) if pc else None


# Up to Go 1.20 a traceback ends after 100 physical frames, those that it hides included, and most
# often without a word (runtime/traceback.go, gentraceback). This many printed ones may be such.
SILENT_LIMIT = 80


def differences(truth, seen, silent_limit=False):
    """What is different between a goroutine as the runtime printed it and as it was seen.

    What the runtime left out cannot be compared. Returns a list of lines, empty where all fits.
    """
    out = []
    for what in ("state", "locked", "creator"):
        if getattr(truth, what) != getattr(seen, what):
            out.append(f"{what} is {getattr(seen, what)!r}, should be {getattr(truth, what)!r}")
    if bool(truth.created_by) != bool(seen.created_by) or (
        truth.created_by and truth.created_by.place() != seen.created_by.place()
    ):
        out.append(f"created by {seen.created_by}, should be {truth.created_by}")
    if not truth.unavailable:
        out += _frame_differences(truth, seen.frames, silent_limit)
    return [f"goroutine {truth.id}: {line}" for line in out]


def _frame_differences(truth, seen, silent_limit):
    if truth.elided_at is None:
        cut = silent_limit and len(truth.frames) >= SILENT_LIMIT and len(seen) > len(truth.frames)
        return _compare(truth.frames, seen[: len(truth.frames)] if cut else seen)
    head, tail = truth.frames[: truth.elided_at], truth.frames[truth.elided_at :]
    out = _compare(head, seen[: len(head)])
    if truth.elided is None:
        return out
    if len(seen) != len(truth.frames) + truth.elided:
        out.append(f"{len(seen)} frames, should be {len(truth.frames)} + {truth.elided} elided")
    elif tail:
        out += _compare(tail, seen[-len(tail) :])
    return out


def _compare(truth, seen):
    for i, (want, got) in enumerate(zip(truth, seen)):
        if want.place() != got.place():
            return [f"frame {i} is {got}, should be {want}"]
        if None not in (want.offset, got.offset) and want.offset != got.offset:
            return [f"frame {i} {want} is at +{got.offset:#x}, should be +{want.offset:#x}"]
        if None not in (want.pc, got.pc) and want.pc != got.pc:
            return [f"frame {i} {want} has pc {got.pc:#x}, should be {want.pc:#x}"]
    if len(truth) != len(seen):
        rest = truth[len(seen) :] or seen[len(truth) :]
        return [f"{len(seen)} frames, should be {len(truth)}; the odd one is {rest[0]}"]
    return []


def compare(truth, seen, silent_limit=False, but=()):
    """Differences between two tracebacks of the same moment; but: ids to leave out."""
    out = []
    for number in sorted((truth.keys() | seen.keys()) - set(but)):
        if number not in seen:
            out.append(f"goroutine {number} is missing ({truth[number].state})")
        elif number not in truth:
            out.append(f"goroutine {number} should not be there ({seen[number].state})")
        else:
            out += differences(truth[number], seen[number], silent_limit)
    return out
