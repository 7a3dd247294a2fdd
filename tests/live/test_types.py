# SPDX-License-Identifier: MIT
"""Type descriptors, read without DWARF, against what reflection says in the program itself."""

import collections
import subprocess

from harness import STRIPPED, Failed, case, tool
from program import Program

ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, STRUCT, LAST = 17, 18, 19, 20, 21, 22, 25, 26


def text_of(word):
    return None if word == "-" else bytes.fromhex(word[1:]).decode("utf-8", "replace")


def ask(t, questions):
    """What tests/live/types_ask.c answers: for each question the lines, split in words."""
    command = [str(tool("types_ask")), str(t.pid)]
    if t.flavour in STRIPPED:
        command.append(str(t.path(f"types-{STRIPPED[t.flavour]}")))
    done = subprocess.run(
        command, input="".join(question + "\n" for question in questions), capture_output=True,
        text=True, check=False, timeout=60,
    )
    if done.returncode:
        raise Failed(f"types_ask: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    answers = [[]]
    for line in done.stdout.splitlines():
        if line == "end":
            answers.append([])
        else:
            answers[-1].append(line.split("\t"))
    return dict(zip(questions, answers))


def compare_type(t, want, lines):
    name = want["String"]
    if not t.check(lines and lines[0][0] == "type", f"{name}: there is no such type"):
        return
    words = lines[0][1:]
    rest = collections.defaultdict(list)
    for line in lines[1:]:
        rest[line[0]].append(line[1:])

    def same(got, key):
        return t.equal(got, want[key], f"{key} of {name}")

    same(text_of(words[10]), "String")
    same(text_of(words[11]), "Package")
    numbers = [int(word) for word in words[:10]]
    for got, key in zip(numbers, ("Kind", "Named", "Variadic", "Direction", "Size", "Elem", "Key",
                                  "Length")):
        same(got, key)
    # Up to Go 1.23 the GC programs of some arrays go on to the end of the last element.
    t.check(numbers[8] >= want["PointerBytes"], f"PointerBytes of {name}: {numbers[8]}")
    same([int(line[0]) for line in rest["in"]] or None, "In")
    same([int(line[0]) for line in rest["out"]] or None, "Out")
    pointers = rest["pointers"][0][0].rstrip("0") if rest["pointers"] else None
    # reflect lays out the bitmap of a struct by rules of its own (reflect/type.go: addTypeBits).
    if not (want["Made"] and pointers == want["Loosely"]):
        same(pointers, "Pointers")
    fields = [{"Type": int(type_), "Offset": int(offset), "Embedded": embedded == "1",
               "Exported": exported == "1", "Name": text_of(field), "Tag": text_of(tag)}
              for type_, offset, embedded, exported, field, tag in rest["field"]]
    same(fields or None, "Fields")
    methods = [{"Type": int(type_), "Exported": exported == "1", "Name": text_of(method)}
               for type_, exported, method in rest["method"]]
    same(methods or None, "Methods")
    if want["Kind"] == INTERFACE:
        t.equal(numbers[9], want["NumMethod"], f"methods of {name}")
    else:  # reflect counts exported ones only
        t.check(numbers[9] >= want["NumMethod"], f"methods of {name}: {numbers[9]}")


@case(program="types", flavours=("default", "pie", "stripped", "strippedpie"))
def types_as_reflection_tells(t):
    truth = t.program.ready["types"]
    answers = ask(t, [f"type\t{one['Address']}" for one in truth])
    t.equal({one["Kind"] for one in truth}, set(range(1, LAST + 1)), "kinds in the fixture")
    for one in truth:
        compare_type(t, one, answers[f"type\t{one['Address']}"])


@case(program="types", flavours=("default", "pie", "stripped", "strippedpie"))
def types_of_interface_values(t):
    values = t.program.ready["values"]
    questions = [f"value\t{one['At']}\t{one['HasMethods']:d}" for one in values]
    answers = ask(t, questions)
    for one, question in zip(values, questions):
        t.equal(int(answers[question][0][1]), one["Type"], f"type of the value, {question}")


@case(program="types", flavours=("default", "pie", "stripped", "strippedpie"))
def types_of_the_modules(t):
    names = {}
    for one in t.program.ready["types"]:
        if not one["Made"]:
            names[one["Address"]] = one["String"]
    questions = ["all", "find\tmain.Node", "find\t*main.Square", "find\tmap[string][]bool",
                 "find\tmain.Nothing"]
    answers = ask(t, questions)
    listed = {int(line[1]): text_of(line[2]) for line in answers["all"] if line[0] == "one"}
    t.equal(answers["all"][-1], ["complete", "1"], "the end of the list")
    for address, name in names.items():
        t.equal(listed.get(address), name, f"the listed type at {address:#x}")
    for question in questions[1:]:
        found = int(answers[question][0][1])
        t.equal(names.get(found, "main.Nothing"), question[len("find\t"):], question)
    nameless = [address for address, name in listed.items() if not name]
    t.equal(nameless, [], "listed types without a name")


@case(minors=(10, 12, 16, 20, 27))
def types_of_a_plugin(t):
    """A plugin's descriptors share parts with those of the program that loaded it."""
    with Program([t.path("pluginhost"), t.path("part.so")]) as t.program:
        answers = ask(t, ["all", "find\terror"])
    listed = [text_of(line[2]) for line in answers["all"] if line[0] == "one"]
    t.equal(answers["all"][-1], ["complete", "1"], "the end of the list")
    t.equal(listed.count(None), 0, "listed types without a name")
    t.equal(listed.count("error"), 2, "types named error")


@case(program="types")
def what_is_no_type(t):
    """Addresses where no descriptor stands: nothing, or something, and always an end."""
    addresses = {0, 1, 8, 1 << 47, (1 << 64) - 8}
    for one in t.program.ready["types"][:200]:
        addresses |= {one["Address"] + step for step in (-8, 1, 8, 16, 24, 40)}
    for one in t.program.ready["values"]:
        addresses.add(one["At"])
    questions = [f"type\t{address}" for address in sorted(addresses) if address >= 0]
    t.equal(len(ask(t, questions)), len(questions), "answers")
