# SPDX-License-Identifier: MIT
"""The heap by its spans against runtime.ReadMemStats, and metrics against runtime/metrics, in the
program itself."""

import math

from harness import ALL, Skip, case

TRIES = 10  # a busy machine makes the program start a thread between the look and the answer
PAGE = 8192

# What waking up to answer changes of a program that stands in read(2): it runs then, and does not
# wait in a system call.
MOVES = {
    "/sched/goroutines/running:goroutines",
    "/sched/goroutines/not-in-go:goroutines",
}


def tried(t, arguments, env, differences, flavour=None):
    """Looks at a new process until nothing is different; what is different at last is a failure."""
    wrong, seen = ["was not looked at"], None
    for _ in range(TRIES):
        program = t.start("heap", *arguments, flavour=flavour or t.flavour, env=env)
        try:
            wrong, seen = differences(t, program)
        finally:
            program.stop()
        if not wrong:
            break
    t.check_none(wrong[:8])
    return seen


# ---- metrics --------------------------------------------------------------------------------


def value_of(metric):
    """A metric of spy's as the fixture tells it."""
    if metric["kind"] == "float64-histogram":
        return {"buckets": metric["buckets"], "counts": metric["counts"]}
    return metric["value"]


def moved_into_go(mine, truth):
    """Whether the goroutine that answers is the only difference."""
    return all(abs(value_of(mine[name]) - truth[name]) <= 1 for name in MOVES if name in truth)


def metric_differences(t, program):
    answer = t.spy.json("metrics", "--pid", program.pid)
    mine = answer["metrics"]
    truth = {
        name: value
        for name, value in program.ask("r")["metrics"].items()
        if not name.startswith("/godebug/")
    }
    wrong = [f"{name} is missing" for name in truth.keys() - mine.keys()]
    wrong += [f"{name} is not in this version" for name in mine.keys() - truth.keys()]
    wrong += [
        f"{name} is {str(value_of(mine[name]))[:200]}, should be {str(truth[name])[:200]}"
        for name in sorted(truth.keys() & mine.keys())
        if name not in MOVES and value_of(mine[name]) != truth[name]
    ]
    if not moved_into_go(mine, truth):
        wrong.append("more goroutines moved than the one that answers")
    wrong += [f"warning: {line}" for line in answer["warnings"]]
    return wrong, answer


def metrics_equal(t, *arguments, env=None):
    if t.minor < 16:
        raise Skip("runtime/metrics came with Go 1.16")
    answer = tried(t, arguments, env, metric_differences)
    t.check(answer["paused_ns"] > 0, "it was not stopped")


@case(flavours=("default", "pie", "stripped"))
def metrics_are_the_programs_own(t):
    metrics_equal(t)


@case()
def metrics_under_a_limit_with_one_p(t):
    metrics_equal(t, env={"GOMEMLIMIT": "12MiB", "GOMAXPROCS": "1"})


@case()
def metrics_with_ballast_and_eight_ps(t):
    metrics_equal(t, "-gogc=-1", "-ballast=64", env={"GOMAXPROCS": "8"})


@case(program="heap")
def metrics_of_old_versions_are_refused(t):
    if t.minor >= 16:
        raise Skip("this version has runtime/metrics")
    done = t.spy.run("metrics", "--pid", t.pid, "--json")
    t.equal(done.returncode, 1, "exit status")
    t.check("runtime/metrics came with Go 1.16" in done.stderr, done.stderr)


@case(program="heap", minors=(16, 21, 27))
def metrics_by_name(t):
    chosen = t.spy.json("metrics", t.pid, "--name", "/gc/heap/")["metrics"]
    t.check(chosen and all(name.startswith("/gc/heap/") for name in chosen), str(list(chosen)))
    one = t.spy.json("metrics", t.pid, "-n", "/gc/*/total:gc-cycles")["metrics"]
    t.equal(list(one), ["/gc/cycles/total:gc-cycles"], "a pattern with a wildcard")
    t.equal(t.spy.run("metrics", t.pid, "-n", "nonsense").returncode, 2, "nothing matches")
    text = t.spy.text("metrics", t.pid, "--buckets", "-n", "/gc/pauses")
    t.check("p99" in text and "COUNT" in text, text)


# ---- the heap -------------------------------------------------------------------------------


def heap_differences(t, program):
    heap = t.spy.json("heap", "--pid", program.pid)
    truth = program.ask("m")["memstats"]
    classes = heap["size_classes"]
    wrong = [f"warning: {line}" for line in heap["warnings"] if "came with Go" not in line]

    def same(what, got, want):
        if got != want:
            wrong.append(f"{what} is {got}, should be {want}")

    for mine, theirs in zip(classes, truth["BySize"][1:]):
        what = f"class {mine['class']}"
        same(f"{what} size", mine["size"], theirs["Size"])
        same(f"{what} mallocs", mine["mallocs"], theirs["Mallocs"])
        same(f"{what} frees", mine["frees"], theirs["Frees"])
    for mine in [*classes, heap["total"]]:
        what = f"class {mine.get('class', 'total')}"
        same(f"{what} objects", mine["objects_in_use"], mine["mallocs"] - mine["frees"])
        same(f"{what} bytes", mine["bytes_in_use"], mine["malloc_bytes"] - mine["free_bytes"])
    same("bytes in use", heap["total"]["bytes_in_use"], truth["HeapAlloc"])
    same("bytes reserved", heap["total"]["bytes_reserved"], truth["HeapInuse"])
    same("allocated in all", heap["total"]["malloc_bytes"], truth["TotalAlloc"])
    same("objects in use", heap["total"]["objects_in_use"], truth["HeapObjects"])
    same("pages in use", heap["pages_in_use"] * PAGE, truth["HeapInuse"])
    same("unused", heap["unused_bytes"], truth["HeapInuse"] - truth["HeapAlloc"])
    wrong += inner_differences(heap)
    return wrong, heap


def inner_differences(heap):
    """What of the heap does not agree with itself."""
    wrong = []
    total, states = heap["total"], heap["span_states"]
    parts = [*heap["size_classes"], heap["large"]]
    for name in ("spans", "unswept_spans", "objects_in_use", "bytes_in_use", "bytes_reserved"):
        if sum(part[name] for part in parts) != total[name]:
            wrong.append(f"the classes' {name} are not those of all")
    if total["spans"] != states["in_use"]["spans"]:
        wrong.append("not all spans in use are of a class")
    if states["in_use"]["pages"] != heap["pages_in_use"]:
        wrong.append(f"spans of {states['in_use']['pages']} pages, {heap['pages_in_use']} in use")
    if sum(state["spans"] for state in states.values()) != heap["spans"]:
        wrong.append("not all spans have a state")
    for one in heap["size_classes"]:
        used = one["objects_capacity"] * one["size"] + one["tail_bytes"]
        if used != one["bytes_reserved"] or one["objects_in_use"] > one["objects_capacity"]:
            wrong.append(f"class {one['class']} does not fit in its spans")
        if one["free_slots"] != one["objects_capacity"] - one["objects_in_use"]:
            wrong.append(f"class {one['class']} has {one['free_slots']} free slots")
    resident = heap["resident"]
    if sum(bytes for name, bytes in resident.items() if name != "rss") != resident["rss"]:
        wrong.append(f"resident memory does not add up: {resident}")
    if not 0 < resident["arenas"] <= heap["arena_bytes"]:
        wrong.append(f"{resident['arenas']} bytes of arenas are resident")
    return wrong


def heap_equal(t, *arguments, env=None):
    heap = tried(t, arguments, env, heap_differences)
    t.check(heap["paused_ns"] > 0, "it was not stopped")
    t.check(all(not math.isnan(one["size"]) for one in heap["size_classes"]), "sizes")
    return heap


@case(flavours=("default", "pie", "stripped"))
def spans_are_what_memstats_says(t):
    heap = heap_equal(t)
    t.check(heap["sweep_done"], "it has had all the time to sweep")
    cached = [span for p in heap["ps"] for span in p["spans"]]
    t.check(cached and all(0 <= one["allocated"] <= one["capacity"] for one in cached), "caches")
    generations = {p["flush_generation"] for p in heap["ps"]}
    if t.minor >= 12:
        t.equal(generations, {heap["sweep_generation"]}, "flush generations")
    else:
        t.equal(generations, {None}, "flush generations")


@case()
def spans_with_ballast_and_eight_ps(t):
    heap = heap_equal(t, "-gogc=-1", "-ballast=64", env={"GOMAXPROCS": "8"})
    t.equal(len(heap["ps"]), 8, "Ps")
    t.check(heap["large"]["bytes_in_use"] > 64 << 20, "the ballast is a large object")


@case(minors=(10, 13, 16, 19, 22, 27))
def spans_with_one_p(t):
    heap_equal(t, env={"GOMAXPROCS": "1"})


def counted_differences(heap):
    """What the spans say and the counters do not: they are kept apart in the runtime."""
    return [
        f"class {one.get('class', 'total')} has {one['objects_in_use']} objects, "
        f"{one['mallocs']} - {one['frees']} by its counters"
        for one in [*heap["size_classes"], heap["total"]]
        if one["objects_in_use"] != one["mallocs"] - one["frees"]
    ]


@case(program="blocks", flavours=ALL, turns=2)
def spans_agree_with_counters_in_every_build(t):
    wrong = []
    for _ in range(TRIES):  # a thread may have been stopped between a span and its counter
        heap = t.spy.json("heap", t.pid, *t.bin)
        wrong = counted_differences(heap) + inner_differences(heap)
        if not wrong:
            break
    t.check_none(wrong[:6])
    t.check_none([line for line in heap["warnings"] if "came with Go" not in line])


@case(program="blocks", flavours=ALL, turns=2)
def metrics_are_there_in_every_build(t):
    if t.minor < 16:
        raise Skip("runtime/metrics came with Go 1.16")
    answer = t.spy.json("metrics", t.pid, *t.bin)
    t.check_none(answer["warnings"])
    goroutines = t.spy.json("summary", t.pid, *t.bin)["goroutines"]
    more = answer["metrics"]["/sched/goroutines:goroutines"]["value"] - goroutines["count"]
    if t.minor >= 26:  # the runtime's own as well, and that of a thread made ready for C
        more -= goroutines["system"]
        t.check(0 <= more <= ("cgo" in t.flavour or t.flavour == "race"), f"{more} goroutines more")
    else:
        t.equal(more, 0, "goroutines more than there are")
    if t.flavour in ("cgo", "cgopie") and t.minor >= 19:
        calls = answer["metrics"]["/cgo/go-to-c-calls:calls"]["value"]
        t.check(calls > 0, "it has called C")


@case(minors=(10, 13, 16, 19, 22, 27))
def spans_agree_with_counters_under_load(t):
    """It is stopped anywhere: with spans that are not swept yet, and between two counts."""
    program = t.start("heap", "-load=3")
    try:
        unswept = 0
        for _ in range(10):
            heap = t.spy.json("heap", program.pid)
            if not [line for line in heap["warnings"] if "came with Go" not in line]:
                t.check_none(counted_differences(heap))
            unswept += heap["total"]["unswept_spans"] > 0
            dead, held = heap["unswept_dead_bytes"], heap["total"]["bytes_in_use"]
            t.check(dead is not None and 0 <= dead <= held, f"{dead} of {held} bytes are dead")
    finally:
        program.stop()
    t.check(unswept, "it was never stopped before it had swept")


@case(program="churn", minors=(10, 16, 21, 27), shared=False)
def heap_while_it_runs_on(t):
    """Nothing stands still, so that nothing is exact; but nothing is nonsense either."""
    heap = t.spy.json("heap", "--pid", t.pid, "--non-blocking")
    t.equal(heap["paused_ns"], 0, "paused_ns")
    for one in heap["size_classes"]:
        t.check(0 <= one["objects_in_use"] <= one["objects_capacity"], f"class {one}")


@case(program="heap", minors=(10, 27))
def heap_as_text(t):
    text = t.spy.text("heap", t.pid)
    for word in ("Heap:", "Resident:", "CLASS", "large", "TINY-ALLOCS"):
        t.check(word in text, f"no {word} in {text[:300]}")
    t.check("POINTERS" in t.spy.text("heap", "--all", t.pid), "--all lists cached spans")
