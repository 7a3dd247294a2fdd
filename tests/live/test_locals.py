# SPDX-License-Identifier: MIT
"""Variables of frames against what the program says that they hold. Of unoptimised programs all are
to be there; of optimised ones those that are told are to be right."""

from harness import case

FLAVOURS = ("default", "nl", "pie")
TRIES = 10  # of looks at a thread that runs


def plain(value):
    """A value of spy's as encoding/json would have written it."""
    if isinstance(value, dict):
        if value.keys() >= {"address", "pointee"}:
            return plain(value["pointee"])
        if value.keys() >= {"dynamic_type"}:
            return plain(value["value"])
        if value.keys() >= {"len", "entries"}:
            return {str(one["key"]): plain(one["value"]) for one in value["entries"]}
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def frames_of(dump, function):
    """The frames of a function, the innermost of each goroutine first."""
    return [
        frame
        for goroutine in dump["goroutines"]
        for frame in goroutine["frames"]
        if frame["function"] == function
    ]


def compare(t, fact, frame, complete):
    """One call. Returns how many values were told."""
    name = fact["Function"]
    told = 0
    seen = set()
    optimised = "optimised code" in (frame["locals_note"] or "")
    t.equal(optimised, not complete, f"whether {name} is optimised")
    for local in frame["locals"]:
        what = f"{local['name']} in {name}, {frame['file'].rsplit('/', 1)[-1]}:{frame['line']}"
        seen.add(local["name"])
        if local["note"] is not None:
            t.equal(local["value"], None, what)
            # Go 1.21 drops some arguments though it does not optimise.
            if complete and local["name"] in fact["Values"] and local["note"] != "optimised out":
                t.check(False, f"{what}: {local['note']}")
            continue
        if "error" in local or local["kind"] == "func":
            continue
        if local["name"] not in fact["Values"]:
            t.check(False, f"{what} has no value yet, and is told to be {local['value']!r}")
            continue
        told += 1
        value, want = plain(local["value"]), fact["Values"][local["name"]]
        earlier = (fact["Earlier"] or {}).get(local["name"], ())
        if complete or value not in earlier:
            t.equal(value, want, what)
    if complete:
        t.equal(fact["Values"].keys() - seen, set(), f"variables of {name} that are missing")
    return told


@case(program="locals", flavours=FLAVOURS)
def variables_of_frames(t):
    complete = t.flavour == "nl"
    dump = t.spy.json("dump", "--pid", t.pid, "--locals")
    facts = t.program.ready["facts"]
    taken = {}
    told = wanted = 0
    for fact in facts:
        function = fact["Function"]
        if function == "main.generic[...]" and complete:
            # The second call has parameters that only its caller knows the types of.
            frames = [
                frame
                for frame in frames_of(dump, function)
                if any(one["name"] == "a" and one["note"] is None for one in frame["locals"])
            ]
        else:
            frames = frames_of(dump, function)
        index = taken.setdefault(function, 0)
        taken[function] += 1
        if not t.check(index < len(frames), f"there is no frame of {function}"):
            continue
        told += compare(t, fact, frames[index], complete)
        wanted += len(fact["Values"])
    # In Go 1.10 optimised code does not tell where variables are.
    least = 0.9 if complete else 0.2 if t.minor > 10 else 0
    t.check(told >= wanted * least, f"only {told} of {wanted} values are told")


@case(program="locals", flavours=FLAVOURS)
def variables_of_a_running_thread(t):
    """It is stopped anywhere, also while a function begins or ends."""
    told = 0
    for _ in range(TRIES):
        dump = t.spy.json("dump", "--pid", t.pid, "--locals", "--function", "main.spin")
        for goroutine in dump["goroutines"]:
            for frame in goroutine["frames"]:
                if frame["function"] not in ("main.step", "main.spin"):
                    continue
                values = {
                    one["name"]: one["value"]
                    for one in frame["locals"]
                    if one["note"] is None and "error" not in one
                }
                told += len(values)
                place = f"{frame['function']} at {frame['line']}, pc {frame['pc']}: {values}"
                t.equal(values.get("text", "spin"), "spin", place)
                t.equal(values.get("base", 1000), 1000, place)
                if frame["function"] == "main.step" and {"i", "twice"} <= values.keys():
                    t.equal(values["twice"], 2 * values["i"], place)
    if t.flavour == "nl":
        t.check(told > 0, "nothing was told of it")


@case(program="locals")
def what_locals_cannot_be_combined_with(t):
    for arguments in (("--group",), ("--non-blocking",)):
        done = t.spy.run("dump", "--pid", t.pid, "--locals", *arguments)
        t.equal(done.returncode, 2, f"exit status with {arguments}")


@case(program="blocks", flavours=("nodwarf",))
def locals_without_dwarf(t):
    done = t.spy.run("dump", "--pid", t.pid, "--locals")
    t.equal(done.returncode, 1, "exit status")
    t.check("--bin" in done.stderr, f"no hint at --bin: {done.stderr!r}")
