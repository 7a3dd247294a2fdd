# SPDX-License-Identifier: MIT
"""Function table and module data of stripped programs: where the symbols of their twins have them."""

import re
import subprocess

from harness import ALL, BARE, FEW, Failed, case, minor_of, tool, unstripped
from program import Program

NAMES = ("runtime.firstmoduledata", "runtime.pclntab")
# The section that a symbol lies in, for a twin that the linker made without symbols; the first one
# that there is.
SECTIONS = ((".go.module", ".noptrdata"), (".gopclntab",))


def output(*command):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{command[0]}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def symbols(path):
    """Link-time addresses of NAMES."""
    table = dict(
        (line.split()[2], int(line.split()[0], 16))
        for line in output("nm", path).splitlines()
        if len(line.split()) == 3
    )
    return [table[name] for name in NAMES]


def sections(path):
    pattern = r"\] (\S+)\s+\S+\s+([0-9a-f]{16}) "
    return {name: int(at, 16) for name, at in re.findall(pattern, output("readelf", "-SW", path))}


def truth_of(t, flavour):
    twin = unstripped(flavour)
    if twin:
        return symbols(t.path(f"blocks-{twin}"))
    twin = t.path("blocks-default")
    theirs, own = sections(twin), sections(t.path(f"blocks-{flavour}"))
    found = []
    for address, names in zip(symbols(twin), SECTIONS):
        name = next(name for name in names if name in theirs)
        found.append(address - theirs[name] + own[name])
    return found


def ask(pid):
    """What tables_ask says, by the first word of its lines."""
    lines = output(tool("tables_ask"), pid).splitlines()
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in lines}


def check(t, pid, truth):
    told = ask(pid)
    bias = int(told["bias"], 16)
    for name, key, address in zip(NAMES, ("moduledata", "pclntab"), truth):
        t.equal(int(told[key], 16) - bias, address, f"address of {name}")
    minors = {minor_of(version) for version in told["rows"].split()}
    t.check(t.minor in minors, f"{t.version} is not among the rows that fit: {told['rows']}")
    how, *versions = told["version"].split()
    if how == "told":
        t.equal(versions, [t.version], "version that the program tells")
    else:
        t.equal({minor_of(version) for version in versions}, {t.minor}, "inferred versions")


@case(program="blocks", flavours=tuple(dict.fromkeys((*ALL, *BARE))), turns=2)
def where_the_symbols_say(t):
    check(t, t.pid, truth_of(t, t.flavour))


@case(flavours=("stripped", "bare"), minors=FEW)
def in_a_c_program(t):
    library = t.path(f"library-{t.flavour}.so")
    with Program([tool("cshared_host"), library]) as program:
        check(t, program.pid, symbols(t.path("library.so")))


@case(minors=(10, 12, 16, 20, 27))
def of_the_program_and_not_of_its_plugin(t):
    host, part = t.path("pluginhost-stripped"), t.path("part-stripped.so")
    with Program([host, part]) as program:
        check(t, program.pid, symbols(t.path("pluginhost")))
