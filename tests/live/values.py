# SPDX-License-Identifier: MIT
"""Holds the JSON of `spy var` against the truth that fixtures/vars tells of itself (truth.go there
says what its nodes are)."""

import base64
import re
import struct

PROBLEMS = 20  # of one comparison: the rest will be the same


def double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def single(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def shown(number):
    """As JSON has what is no number there."""
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "+Inf" if number > 0 else "-Inf"
    return number


def same_float(seen, number, is_single):
    want = shown(number)
    if isinstance(want, str) or isinstance(seen, (str, bool)) or seen is None:
        return seen == want
    if is_single:
        seen = struct.unpack("<f", struct.pack("<f", seen))[0]
    return struct.pack("<d", seen) == struct.pack("<d", want)  # -0 is not 0


def with_replacements(raw):
    """As Go shows bytes that are not UTF-8: a U+FFFD for each byte that is part of no character."""
    text = ""
    while raw:
        try:
            return text + raw.decode("utf-8")
        except UnicodeDecodeError as error:
            text += raw[: error.start].decode("utf-8") + "\ufffd"
            raw = raw[error.start + 1:]
    return text


def simple(key):
    """A key that equals what spy shows of it, or None."""
    if key[0] == "s":
        return with_replacements(bytes.fromhex(key[1]))
    return key[1] if key[0] in "iub" else None


def text_of(seen):
    return seen["value"] if isinstance(seen, dict) and "value" in seen else seen


class Comparison:
    """Of one truth; `problems` are what spy says that is not true."""

    def __init__(self, truth):
        self.objects = truth["objects"]
        self.problems = []
        self.compared = 0

    def wrong(self, path, seen, want):
        self.problems.append(f"{path} is {seen!r:.150}, should be {want!r:.150}")

    def equal(self, path, seen, want):
        if seen != want or isinstance(seen, bool) != isinstance(want, bool):
            self.wrong(path, seen, want)

    def value(self, path, node, seen, marks=None, above=()):
        """marks: the object that says what the JSON of the value itself has no place for; above:
        the pointers that lead here, whose targets contain this."""
        self.compared += 1
        if len(self.problems) < PROBLEMS:
            getattr(self, KINDS[node[0]])(path, node, seen, marks or {}, above)

    def nothing(self, path, node, seen, marks, above):
        pass

    def plain(self, path, node, seen, marks, above):
        self.equal(path, seen, node[1])

    def real(self, path, node, seen, marks, above):
        number = double(node[1]) if node[0] == "f" else single(node[1])
        if not same_float(seen, number, node[0] == "g"):
            self.wrong(path, seen, number)

    def imaginary(self, path, node, seen, marks, above):
        for part, bits in zip(("real", "imag"), node[1:]):
            number = double(bits)
            is_single = shown(number) == number and abs(number) < 1e38 and \
                struct.unpack("<f", struct.pack("<f", number))[0] == number
            if not isinstance(seen, dict) or not same_float(seen.get(part), number, is_single):
                self.wrong(path, seen, (part, number))

    def string(self, path, node, seen, marks, above):
        raw = bytes.fromhex(node[1])
        try:
            want = raw.decode("utf-8")
        except UnicodeDecodeError:
            want = with_replacements(raw)
            if isinstance(seen, dict):  # within another value
                self.equal(f"len of {path}", seen.get("len"), len(raw))
                seen, marks = seen.get("value"), seen
            encoded = base64.b64encode(raw).decode()
            self.equal(f"raw_base64 of {path}", marks.get("raw_base64"), encoded)
        self.equal(path, seen, want)

    def items(self, path, nodes, seen, above):
        if not isinstance(seen, list) or len(seen) != len(nodes):
            return self.wrong(path, seen, f"{len(nodes)} elements")
        if all(node[0] in "iu" for node in nodes) and seen == [node[1] for node in nodes]:
            self.compared += len(nodes)
            return
        for index, (node, item) in enumerate(zip(nodes, seen)):
            self.value(f"{path}[{index}]", node, item, None, above)

    def array(self, path, node, seen, marks, above):
        self.items(path, node[1], seen, above)

    def slice(self, path, node, seen, marks, above):
        if node[1] is None:
            return self.equal(path, seen, None)
        if "cap" in marks:
            self.equal(f"cap of {path}", marks["cap"], node[1])
            self.equal(f"len of {path}", marks["len"], len(node[2]))
        self.items(path, node[2], seen, above)

    def structure(self, path, node, seen, marks, above):
        fields = {name: field for name, field in node[1] if name != "_"}
        if not isinstance(seen, dict) or list(seen) != list(fields):
            return self.wrong(path, seen, f"a struct of {list(fields)}")
        for name, field in fields.items():
            self.value(f"{path}.{name}", field, seen[name], None, above)

    def pointer(self, path, node, seen, marks, above):
        if not node[1]:
            return self.equal(path, seen, None)
        if not isinstance(seen, dict) or seen.get("address") != f"{node[1]:#x}":
            return self.wrong(path, seen, f"a pointer to {node[1]:#x}")
        if seen.get("cycle"):
            # A pointer to what it is a part of; the variable itself has no pointer above it.
            if node[2] not in above and node[1] != self.root:
                self.wrong(path, seen, "not a cycle")
            return self.equal(f"pointee of {path}", seen["pointee"], None)
        if node[2] in above:
            return self.wrong(path, seen, "a cycle")
        self.value(f"(*{path})", self.objects[node[2]], seen.get("pointee"), None,
                   (*above, node[2]))

    def table(self, path, node, seen, marks, above):
        if node[1] is None:
            return self.equal(path, seen, None)
        entries = seen.get("entries") if isinstance(seen, dict) else None
        if not isinstance(entries, list) or len(entries) != len(node[1]):
            return self.wrong(path, seen, f"a map of {len(node[1])} entries")
        self.equal(f"len of {path}", seen["len"], len(node[1]))
        truth = {simple(key): value for key, value in node[1]}
        if None in truth or len(truth) != len(entries):
            return self.entries(path, node, entries, above)
        found = {text_of(entry["key"]): entry["value"] for entry in entries}
        if found.keys() != truth.keys():
            return self.wrong(f"keys of {path}", found.keys() ^ truth.keys(), set())
        if all(value[0] in "iub" for value in truth.values()):
            self.compared += len(truth)
            return self.equal(path, found, {key: value[1] for key, value in truth.items()})
        for key, value in truth.items():
            self.value(f"{path}[{key!r:.40}]", value, found[key], None, above)
        return None

    def entries(self, path, node, entries, above):
        """Entries of any kind, in any order: each of the truth has its own among those seen. Those
        that look the same may belong to one another either way."""
        left = list(entries)
        for key, value in node[1]:
            if key == ["?"] or value == ["?"]:
                return  # keys that do not equal themselves, where reflection cannot go through them
            for at, entry in enumerate(left):
                attempt = Comparison({"objects": self.objects})
                attempt.root = self.root
                attempt.value("", key, entry["key"], None, above)
                if attempt.problems:
                    continue
                if key[0] in "fg":  # several NaN
                    attempt.value("", value, entry["value"], None, above)
                if not attempt.problems:
                    del left[at]
                    self.value(f"{path}[{entry['key']!r:.40}]", value, entry["value"], None, above)
                    break
            else:
                self.wrong(path, [entry["key"] for entry in left], f"a key {key!r:.100}")

    def interface(self, path, node, seen, marks, above):
        if node[1] is None:
            return self.equal(path, seen, None)
        if not isinstance(seen, dict):
            return self.wrong(path, seen, node[1])
        if not same_type(seen.get("dynamic_type"), node[1]):
            self.wrong(f"type of {path}", seen.get("dynamic_type"), node[1])
        self.value(f"{path}.({node[1]})", node[2], seen.get("value"), None, above)

    def function(self, path, node, seen, marks, above):
        if node[1] is None:
            return self.equal(path, seen, None)
        for key, want in zip(("function", "file", "line"), node[1:]):
            got = (seen or {}).get(key)
            if key == "function":  # runtime.Func.Name() leaves type arguments out since Go 1.21
                got, want = (re.sub(r"\[.*\]", "[...]", str(name)) for name in (got, want))
            self.equal(f"{key} of {path}", got, want)

    def channel(self, path, node, seen, marks, above):
        if node[1] is None:
            return self.equal(path, seen, None)
        if not isinstance(seen, dict):
            return self.wrong(path, seen, "a channel")
        self.equal(f"len of {path}", seen["len"], node[1])
        self.equal(f"cap of {path}", seen["cap"], node[2])
        if node[3]:
            closed, buffered, receivers, senders = node[3]
            self.equal(f"closed of {path}", seen["closed"], closed)
            self.equal(f"receivers of {path}", seen["receivers"], receivers)
            self.equal(f"senders of {path}", seen["senders"], senders)
            self.items(f"{path} <-", buffered, seen["buffered"], above)

    def word(self, path, node, seen, marks, above):
        self.equal(path, seen, f"{node[1]:#x}" if node[1] else None)

    def variable(self, name, truth, seen):
        """What spy says of a whole variable."""
        type_, kind, address, size, node = truth
        self.root = address
        if not same_type(seen["type"], type_):
            self.wrong(f"type of {name}", seen["type"], type_)
        self.equal(f"kind of {name}", seen["kind"], kind)
        self.equal(f"address of {name}", seen["address"], f"{address:#x}")
        self.equal(f"size of {name}", seen["size"], size)
        self.value(name, node, seen["value"], seen)


KINDS = {
    "b": "plain", "i": "plain", "u": "plain", "f": "real", "g": "real", "c": "imaginary",
    "s": "string", "a": "array", "S": "slice", "t": "structure", "p": "pointer", "m": "table",
    "N": "interface", "F": "function", "C": "channel", "U": "word", "?": "nothing",
}


def same_type(seen, want):
    """Types of literals (struct, func) are spelled in more ways than one."""
    if seen == want or not isinstance(seen, str):
        return seen == want
    literal = ("struct {", "func(", "interface {")
    return any(part in want and part in seen for part in literal)
