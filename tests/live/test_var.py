# SPDX-License-Identifier: MIT
"""`spy var` and `spy vars` against what a program says of its own variables by reflection."""

import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import time

from harness import FEW, SPY, Failed, case
from values import Comparison

DATA, USAGE, NO_PROCESS = 1, 2, 3

# Every version is built in one more way than the usual one.
FLAVOURS = {
    "pie": (10, 15, 20, 25, 27),
    "cgo": (11, 16, 21),
    "nl": (12, 17, 22, 26),
    "race": (13, 18, 23, 27),
    "cgopie": (14, 19, 24, 27),
    "stripped": (10, 14, 18, 22, 27),
    "strippedpie": (10, 20, 27),
}
ALL_OF_IT = ("--depth", 300, "--elements", 0, "--string-bytes", 0)


def whole(t):
    """The arguments that give spy the symbols of a stripped program."""
    original = {"stripped": "default", "strippedpie": "pie"}.get(t.flavour)
    return ("--bin", t.path(f"vars-{original}")) if original else ()


def read(t, names, *arguments, pid=None):
    """What spy says of expressions, which may be many: a document of each."""
    text = t.spy.text("var", "--pid", pid or t.pid, *arguments, "--json", *names)
    documents = [json.loads(line) for line in text.split("\n") if line]
    if len(documents) != len(names):
        raise Failed(f"{len(documents)} answers to {len(names)} expressions")
    return dict(zip(names, documents))


def told(seen):
    """What a value, or what it points to or holds, means."""
    return [seen.get("meaning"), *seen.get("meanings", {}).values()]


def means(seen, text):
    """The name of a zone may follow a time."""
    return seen == text or re.match(r"-?\d{4}-\d\d-", text) and (seen or "").startswith(f"{text} ")


def values_as_reflection_tells(t):
    truth = t.program.ask("truth")
    seen = read(t, list(truth["variables"]), *ALL_OF_IT, *whole(t))
    for name, facts in truth["variables"].items():
        held = Comparison(truth)
        held.variable(name, facts, seen[name])
        t.check_none(held.problems)
        t.equal(seen[name]["warnings"], [], f"warnings of {name}")
    for name, text in truth["texts"].items():
        t.check(any(means(one, text) for one in told(seen[name])),
                f"meaning of {name} is {told(seen[name])}, not {text!r}")


for _flavour, _minors in {"default": None, **FLAVOURS}.items():
    case(program="vars", flavours=(_flavour,), minors=_minors)(values_as_reflection_tells)


# Expressions, and what the values in the JSON are.
PATHS = {
    "main.cfg.Server.Port": 8443,
    "main.cfg.Server.TLS.versions[1]": 0x304,
    "main.cfg.label": "seven",
    "main.cfg.base.label": "seven",
    "main.cfg.extra.label": "eight",
    "main.cfg.Weight": 1.25,
    "main.cfg.options.weights[1]": 0.5,
    "main.cfg.options.level": -3,
    "main.cfg.next.next.Server.Host": "localhost",
    "main.cfg.Limits[\"open\"]": 1024,
    "main.cfgPtr.Server.Host": "localhost",
    "(*main.cfgPtr).Server.Host": "localhost",
    "(**main.cfgPtr2).ID": 7,
    "main.users[\"bob\"].Tags[2]": "c",
    "main.users[\"ann\"].Boss.Age": 50,
    "main.users[\"quote\\\"d\\n\"].Name": "odd",
    "main.users[\"none\"]": None,
    "main.table[3:7]": [9, 16, 25, 36],
    "main.table[:2]": [0, 1],
    "main.table[8:]": [64, 81],
    "main.tableTail[0]": 49,
    "main.arrayOf[1:3]": [-2, 3],
    "main.sliceRoom[0:3]": ["", "second", ""],
    "main.longString[10:14]": "0123",
    "main.plain[0]": ord("p"),
    "*main.innerPointer": "localhost",
    "main.matrix[1][0]": {"real": 4.0, "imag": 0.0},
    "main.facePtr.(*main.config).Server.Port": 8443,
    "main.faceStruct.(main.user).Tags[0]": "t",
    "main.faceInt.(int)": 42,
    "main.faceSlice.([]int)[2]": 30,
    "main.faceMap.(map[int]string)[1]": "one",
    "main.shapeUnit.(main.unit)": 9,
    "main.sliceFaces[3]": {"dynamic_type": "float64", "value": 3.5},
    "main.mapMaps[\"a\"][1][true]": "deep",
    "main.mapInt8[-128]": 255,
    "main.map1000[0x4]": 1,
    "main.mapFloat[0.5]": "half",
    "main.mapColor[1]": "green",
    "main.mapUint64[18446744073709551615]": {},
    "main.mapFace[\"a\"]": {"dynamic_type": "int", "value": 2},
    "main.mapGrowing[777]": -777,
    "main.mapGrow2[\"55\"].X": 55,
    "(*main.mapPtr)[\"only\"]": 1,
    "main.runesOf[1]": ord("界"),
    "main.tree.Left.Value": 3,
    "main.anonymous.b[1].C": "c2",
    "main.timeUTC.wall": 123456789,
    "len(main.table)": 10,
    "cap(main.sliceRoom)": 10,
    "len(main.users)": 4,
    "len(main.longString)": 10000,
    "len(main.hugeString)": 3 << 20,
    "len(main.arrayWide)": 1000,
    "len(main.map1000)": 1000,
    "len(main.sliceNil)": 0,
    "len(main.mapNil)": 0,
    "len(main.chanBuffered)": 2,
    "cap(main.chanBuffered)": 5,
    "len(main.cfg.Server.paths)": 2,
    "runtime.ncpu": os.cpu_count(),
    "len(runtime.zeroVal)": 1024,  # which package reflect declares, too
}


@case(program="vars")
def paths(t):
    expected = dict(PATHS)
    package = t.program.ready["package"]
    head, last = package.rsplit("/", 1)
    for name in (package, f"{head}/{last.replace('.', '%2e')}", last):
        expected[f"{name}.Default.Name"] = "default"
        expected[f"{name}.Default.parent.parent.Price"] = 12.5
    expected[f"{package}.naïve"] = "a name beyond ASCII"
    expected[f"{package}.shelf[\"b\"].parts[0].Name"] = "c"
    expected["runtime.ncpu"] = t.program.ready["ncpu"]
    expected["runtime.numCPUStartup"] = t.program.ready["ncpu"]
    seen = read(t, list(expected))
    for name, want in expected.items():
        got = seen[name]["value"]
        t.equal((got, type(got)), (want, type(want)), name)
    name = "runtime.numCPUStartup" if t.minor >= 25 else "runtime.ncpu"
    for asked in ("runtime.ncpu", "runtime.numCPUStartup"):
        t.equal(seen[asked]["name"], name, f"the name of what {asked} reads")
        t.equal(seen[asked]["type"], "int32", f"the type of {asked}")


def runtime_variables_of_stripped_programs(t):
    for name in ("runtime.ncpu", "runtime.numCPUStartup"):
        seen = read(t, [name])[name]
        t.equal(seen["value"], t.program.ready["ncpu"], name)
    text = t.spy.text("var", "--pid", t.pid, "--name", "runtime.ncpu")
    t.equal(text.splitlines()[-1], f"type: int32, value: {t.program.ready['ncpu']}", "the text")


for _flavour, _minors in (("stripped", None), ("strippedpie", FLAVOURS["strippedpie"])):
    case(program="vars", flavours=(_flavour,), minors=_minors)(
        runtime_variables_of_stripped_programs
    )


def refused(t, expression, *says, status=USAGE, arguments=()):
    done = t.spy.run("var", "--pid", t.pid, *arguments, expression)
    t.equal(done.returncode, status, f"exit status of {expression} ({done.stderr.strip()})")
    t.equal(done.stdout, "", f"output of {expression}")
    t.equal(len(done.stderr.splitlines()), 1, f"lines of {done.stderr!r}")
    for text in says:
        t.check(text in done.stderr, f"{expression}: {done.stderr!r} should say {text!r}")


@case(program="vars", minors=FEW)
def what_is_not_there(t):
    refused(t, "main.confg", "main.cfg")
    refused(t, "main.cfg.Sever", "Server")
    refused(t, "man.cfg", "main.cfg")
    refused(t, "main.users[\"bop\"]", "bob")
    refused(t, "main.table[10]", "10")
    refused(t, "main.table[3:11]", "10")
    refused(t, "main.table[5:3]")
    refused(t, "main.arrayOf[-1]")
    refused(t, "main.mapNil[\"x\"]")
    refused(t, "main.map1000[5]")
    refused(t, "main.cfgNil.Server", "nil")
    refused(t, "*main.cfgNil", "nil")
    refused(t, "main.faceInt.(string)", "int")
    refused(t, "main.faceNil.(int)", "nil")
    refused(t, "main.yes.x", "bool")
    refused(t, "main.yes[0]", "bool")
    refused(t, "*main.someInt")
    refused(t, "len(main.yes)", "bool")
    refused(t, "main.table[")
    refused(t, "len(main.table")
    refused(t, "main.cfg..Server")
    refused(t, "main.users[\"bob]")
    refused(t, "")
    refused(t, "main.\x1b[31m")


@case(program="vars", flavours=("stripped",), minors=FEW)
def what_a_stripped_program_lacks(t):
    refused(t, "main.cfg", "--bin", status=DATA)


@case(program="vars", minors=FEW)
def text_of_values(t):
    """For people: it may change, but what a terminal obeys never comes through."""
    text = t.spy.text("var", "--pid", t.pid, "--depth", 5, *(f"main.{name}" for name in (
        "controls", "terminal", "bidi", "invalid", "cutRune", "unicodeOf", "mapString", "bytesOf",
        "chanBuffered", "stringsOf", "users", "faceString")))
    for letter in text:
        t.check(letter == "\n" or letter.isprintable() and letter not in "\u202e\u2066\u2069\u200f",
                f"{letter!r} in the text")
    for want in (r'"\x00\x01\a\b\t\n\v\f\r\x1b\x7f"', r"\x1b[31mred\x1b[0m", r"\u202e",
                 r"ok\xff\xfe", "世界", r'"second\x1b"'):
        t.check(want in text, f"{want} should be in {text!r}")
    simple = {"someInt": "type: int, value: 42", "yes": "type: bool, value: true"}
    for name, want in simple.items():
        text = t.spy.text("var", "--pid", t.pid, "--name", f"main.{name}")
        t.equal(text, want + "\n", f"the text of {name}")
    text = t.spy.text("var", "--pid", t.pid, "--elements", 10, "main.map1000")
    t.check("990 more of 1,000" in text, f"what is cut: {text!r}")
    text = t.spy.text("var", "--pid", t.pid, "main.cyclic", "main.pointsToSelf")
    t.check("cycle" in text, f"a cycle: {text!r}")


@case(program="vars", minors=FEW)
def limits(t):
    names = ["main.sliceLong", "main.hugeString", "main.map1000", "main.arrayWide", "main.chained",
             "main.chanFull"]
    arguments = ("--elements", 2, "--string-bytes", 100, "--depth", 7)
    seen = read(t, names, *arguments)
    for name, length, kept in (("main.sliceLong", 10000, 2), ("main.arrayWide", 1000, 2),
                               ("main.hugeString", 3 << 20, 100)):
        t.equal(seen[name]["len"], length, f"len of {name}")
        t.equal(seen[name]["truncated"], True, f"truncated of {name}")
        t.equal(len(seen[name]["value"]), kept, f"what is kept of {name}")
    for name, length in (("main.map1000", 1000), ("main.chanFull", 3)):
        value = seen[name]["value"]
        t.equal((value["len"], value["truncated"]), (length, True), name)
        t.equal(len(value.get("entries", value.get("buffered"))), 2, f"what is kept of {name}")
    depth, one = 0, seen["main.chained"]["value"]
    while "truncated" not in one:
        depth, one = depth + 1, one.get("pointee") or one["next"]
    t.equal(depth, 7, "the depth of main.chained")


@case(program="vars", minors=FEW)
def raw(t):
    text = t.spy.text("var", "--pid", t.pid, "--raw", "main.arrayOfBytes")
    t.check("00 01 02 ff 00 00 00 00" in text, f"the bytes: {text!r}")


@case(program="vars", minors=FEW)
def watching(t):
    """Each change is a line, and nothing else is."""
    t.program.ask("count 0")
    command = [str(SPY), "var", "--pid", str(t.pid), "--json", "--interval", "5ms", "main.counted"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as spy:
        seen = [json.loads(spy.stdout.readline())["value"]]
        for number in (1, 2, 3):
            t.program.ask(f"count {number}")
            seen.append(json.loads(spy.stdout.readline())["value"])
        time.sleep(0.03)
        spy.send_signal(signal.SIGINT)
        rest, message = spy.communicate(timeout=10)
    t.equal(seen, [0, 1, 2, 3], "what was seen")
    t.equal((rest, message, spy.returncode), (b"", b"", 0), "the end")
    text = t.spy.text("var", "--pid", t.pid, "--json", "--interval", "1ms", "--every", "--count", 4,
                      "main.counted")
    lines = [json.loads(line) for line in text.splitlines()]
    t.equal([line["value"] for line in lines], [3] * 4, "what --every shows")
    times = [line["time"] for line in lines]
    t.check(times == sorted(set(times)), f"the times are {times}")


@case(program="vars", shared=False, once=True)
def watching_to_the_end(t):
    command = [str(SPY), "var", "--pid", str(t.pid), "--interval", "5ms", "main.counted"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as spy:
        spy.stdout.readline()
        t.program.stop()
        _, message = spy.communicate(timeout=10)
    t.equal(spy.returncode, NO_PROCESS, f"exit status ({message})")


@case(program="vars", minors=FEW)
def list_of_variables(t):
    truth = t.program.ask("truth")["variables"]
    seen = t.spy.json("vars", t.pid)
    found = {one["name"]: one for one in seen["variables"]}
    t.equal(len(found), len(seen["variables"]), "names that stand once")
    for name, (_, _, address, size, _) in truth.items():
        one = found.get(name, {})
        t.equal((one.get("address"), one.get("size")), (f"{address:#x}", size), name)
        t.equal(one.get("package"), name.rpartition(".")[0], f"package of {name}")
    t.check("runtime.allglen" in found or "runtime.allgs" in found, "variables of the runtime")
    few = t.spy.json("vars", t.pid, "mapBig", "--package", "main", "--sort", "name")
    t.equal([one["name"] for one in few["variables"]],
            ["main.mapBigBoth", "main.mapBigKey", "main.mapBigVal"], "those with mapBig")
    few = t.spy.json("vars", t.pid, "--type", "*main.ring", "--package", "main")
    t.check({"main.cyclic", "main.chained"} <= {one["name"] for one in few["variables"]},
            f"variables of a type: {few['variables']}")


# What may take how long, of a processor's time: the test shares the machine with others.
MILLION_SECONDS, FEW_OF_A_MILLION_SECONDS = 1, 0.02
PATIENCE = 4


def processor_seconds(t, *arguments):
    """The time that spy takes, and what it says."""
    command = [str(SPY), "var", "--pid", str(t.pid), "--json", *map(str, arguments)]
    with tempfile.TemporaryFile() as output:
        spy = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(spy.pid, 0)
        spy.returncode = os.waitstatus_to_exitcode(status)
        t.equal(spy.returncode, 0, f"exit status of {arguments}")
        output.seek(0)
        return usage.ru_utime + usage.ru_stime, json.load(output)


@case(program="vars", minors=(10, 23, 27), shared=False)
def a_million_entries(t):
    digest = t.program.ask("million", seconds=60)
    took, seen = processor_seconds(t, "--elements", 0, "main.million")
    entries = seen["value"]["entries"]
    mixed = 0
    keys = set()
    for entry in entries:
        key, value = entry["key"], entry["value"]
        keys.add(key)
        mixed ^= key * 31 + value
        if value != ((key + 5000000) // 13) ^ 0x55555:
            t.check(False, f"main.million[{key}] is {value}")
            break
    t.equal((len(entries), len(keys), mixed), (digest["len"], digest["len"], digest["mixed"]),
            "what the entries say together")
    t.check(took < MILLION_SECONDS * PATIENCE, f"a million entries took {took:.2f} s")
    took, seen = processor_seconds(t, "--elements", 10, "main.million")
    value = seen["value"]
    t.equal((value["len"], len(value["entries"])), (1000000, 10), "ten of a million")
    t.check(took < FEW_OF_A_MILLION_SECONDS * PATIENCE, f"ten entries took {took:.3f} s")


def changing(t, *arguments):
    """Reads what changes as fast as it can: everything that is shown belongs together, or there is
    a word on why it is missing. Returns how much was whole."""
    seen = read(t, ["main.changing", "main.changingText", "main.changingList", "main.changingRing",
                    "main.changingFace"], "--elements", 0, *arguments)
    values = {name.removeprefix("main."): one["value"] for name, one in seen.items()}
    unread = 0
    for name, one in seen.items():
        if one["value"] is None and not one.get("nil"):
            unread += 1
            t.check(one.get("error"), f"{name} is missing without a word: {one}")
    # One entry of each may just be put in or taken out: a key stands in its place before its value
    # does; until then there is nothing or, in Go 1.10 (runtime/map_fast64.go), what was there.
    rules = {"changing": lambda key: key * 7, "changingText": lambda key: key + "!"}
    for name, value_of in rules.items():
        entries = (values[name] or {"entries": []})["entries"]
        odd = [entry for entry in entries
               if entry["key"] is None or entry["value"] != value_of(entry["key"])]
        t.check(len(odd) <= 1, f"main.{name} has {odd[:5]}")
        t.odd += len(odd)
    numbers = values["changingList"] or []
    t.equal(numbers, list(range(len(numbers))), "main.changingList")
    for name in ("changing", "changingText"):
        if values[name]:
            got = len(values[name]["entries"])
            t.check(abs(values[name]["len"] - got) <= 1,
                    f"{name} says {values[name]['len']} and has {got}")
    ring = values["changingRing"]
    if ring and ring["pointee"] and ring["pointee"]["next"] and ring["pointee"]["next"]["pointee"]:
        following = ring["pointee"]["next"]["pointee"]["number"]
        t.equal(following, ring["pointee"]["number"] + 1, "the second of main.changingRing")
    face = values["changingFace"]
    if face and face["value"] is not None:
        want = {"int": int, "string": str}.get(face["dynamic_type"])
        t.check(want and isinstance(face["value"], want), f"main.changingFace is {face}")
    return unread


@case(program="vars", minors=(10, 23, 27), shared=False)
def changing_meanwhile(t):
    t.program.ask("churn")
    t.odd = 0
    unread = sum(changing(t) for _ in range(8))
    t.equal(unread, 0, "values that could not be read while the target stood still")
    for _ in range(8):
        changing(t, "--non-blocking")
    t.check(t.odd <= 8, f"{t.odd} entries do not belong together")
    t.check(t.program.running(), "the program has ended")


# ---- hostile values --------------------------------------------------------------------------

# What is broken, how many of each there are, and which of them are so broken that there must be an
# error in their place. Of others, what is shown is as good as any.
HOSTILE = {
    "badStrings": (4, range(4)),
    "badSlices": (5, range(5)),
    "badMaps": (14, (0, 1, 2, 3, 4, 6, 7, 12)),
    "badTexts": (4, range(4)),
    "badFaces": (8, (0, 3, 6, 7)),
    "badShapes": (4, (0, 3)),
    "badChans": (6, range(6)),
    "badFuncs": (3, range(3)),
    "badPointers": (4, range(4)),
    "badMeanings": (2, ()),
}
MEMORY_MAX = 3 << 30  # of address space: files are mapped as well


def read_hostile(t, names, *arguments, seconds=60):
    """Within bounds of time and memory; the documents."""
    limit = None
    if "asan" not in str(SPY):  # whose shadow takes terabytes
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    command = [str(SPY), "var", "--pid", str(t.pid), *map(str, arguments), *names]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, timeout=seconds, preexec_fn=limit,
                          check=False, env={**os.environ, "NO_COLOR": "1", "DEBUGINFOD_URLS": ""})
    took = time.monotonic() - start
    if done.returncode:
        raise Failed(f"spy var {' '.join(names)}: exit {done.returncode}: {done.stderr[-500:]!r}")
    t.check(took < 30, f"{names} took {took:.1f} s")
    return done.stdout.decode()


@case(program="vars", minors=(10, 14, 18, 21, 23, 24, 27), shared=False)
def hostile_values(t):
    t.program.ask("corrupt 0", seconds=60)
    names = [f"main.{name}" for name in HOSTILE]
    text = read_hostile(t, names, "--json")
    for (name, (count, told)), line in zip(HOSTILE.items(), text.split("\n")):
        seen = json.loads(line)
        t.equal([(one["Before"], one["After"]) for one in seen["value"]],
                [(index, "after") for index in range(count)], f"what stands around {name}")
        errors = " ".join(seen["warnings"])
        for index in told:
            t.check(f"[{index}].Bad" in errors,
                    f"no error of {name}[{index}]: {seen['value'][index]}")
    others = ["main.badNothings", "main.badList", "main.badRing", "main.badTwins", "main.badWide"]
    for form in ("--json", "--one-line"):
        read_hostile(t, others, form)
        read_hostile(t, names, form, "--depth", 100)
    read_hostile(t, names)


@case(program="vars", minors=(10, 17, 23, 24, 27), shared=False)
def overwritten_values(t):
    """Words of values are overwritten at random: spy answers, and shows what stands beside them."""
    t.program.ask(f"corrupt {1 + t.minor}", seconds=60)
    for form in ("--json", "--one-line"):
        text = read_hostile(t, ["main.victims"], form, "--elements", 200)
    seen = json.loads(read_hostile(t, ["main.victims"], "--json", "--elements", 200))
    t.equal([(one["Before"], one["After"]) for one in seen["value"]],
            [(i, -i) for i in range(100)], "what stands around the overwritten words")
    t.check(text, "the text")
