# SPDX-License-Identifier: MIT
"""The DWARF of Go programs, and the table of layouts that is made from it."""

import re
import subprocess

from harness import ROOT, WITH_DWARF, Failed, Skip, case, minor_of, tool

ROWS = ROOT / "src/runtime_layouts"


def run(*command, stdin=None):
    done = subprocess.run(
        [str(part) for part in command], input=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{command[0]}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def numbers(row):
    return dict(re.findall(r"^\[(\w+)\] = (.*),$", row, re.MULTILINE))


def row_of(version):
    """The row of the table for this version, or None."""
    patch = int((version.split(".") + ["0"])[2])
    rows = re.findall(
        r'^ROW\((\d+), (\d+), (\d+)\)\n#include "runtime_layouts/(.*)"\n',
        (ROWS / "rows.def").read_text(),
        re.MULTILINE,
    )
    for minor, first, last, name in rows:
        if int(minor) == minor_of(version) and int(first) <= patch <= int(last):
            return numbers((ROWS / name).read_text())
    return None


@case(flavours=WITH_DWARF)
def table_and_dwarf_agree(t):
    table = row_of(t.version)
    if table is None:
        raise Skip(f"there is no row for {t.version}")
    dwarf = numbers(run(tool("layout_row"), t.path(f"blocks-{t.flavour}")))
    t.equal(len(table), len(dwarf), "number of fields")
    for field, value in dwarf.items():
        t.equal(table.get(field), value, f"{field} of the table")


@case(flavours=WITH_DWARF, turns=3, seconds=2)
def dwarf_is_read_as_go_reads_it(t):
    """All variables, constants, types and members, some 10,000 of each program."""
    ask, truth = tool("dwarf_ask"), tool("dwarf_truth")
    program = t.path(f"blocks-{t.flavour}")
    want = run(truth, program)
    got = run(ask, program, stdin=want).splitlines()
    want = want.splitlines()
    t.check(len(want) > 5000, f"Go found only {len(want)} things")
    t.equal(len(got), len(want), "number of answers")
    wrong = [f"{g!r}, should be {w!r}" for g, w in zip(got, want) if g != w]
    t.check(not wrong, f"{len(wrong)} answers differ, the first: {wrong[:1]}")


@case(flavours=WITH_DWARF, turns=3, seconds=2)
def variables_and_types_of_dwarf_are_as_go_reads_them(t):
    """Every package variable, and every type with its members, its names and its descriptor."""
    ask, truth = tool("dwarf_types_ask"), tool("dwarf_types_truth")
    program = t.path(f"blocks-{t.flavour}")
    want = run(truth, program)
    offsets = [line.split("\t")[1] for line in want.splitlines() if line.startswith("type\t")]
    got = run(ask, program, stdin="".join(offset + "\n" for offset in offsets)).splitlines()
    want = want.splitlines()
    t.check(len(want) > 5000, f"Go found only {len(want)} things")
    t.equal(len(got), len(want), "number of answers")
    wrong = [f"{g!r}, should be {w!r}" for g, w in zip(got, want) if g != w]
    t.check(not wrong, f"{len(wrong)} answers differ, the first: {wrong[:1]}")
