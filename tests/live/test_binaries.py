# SPDX-License-Identifier: MIT
"""--bin, and Go code that a C program has loaded."""

import shutil
import tempfile

import views
from harness import FEW, case, tool
from program import Program


@case(program="blocks", flavours=("stripped",))
def bin_that_does_not_fit(t):
    for other in ("blocks-pie", "many-default"):
        done = t.spy.run("summary", "--pid", t.pid, "--bin", t.path(other))
        t.check(done.returncode in (1, 2), f"--bin {other}: exit {done.returncode}")
        t.equal(len(done.stderr.strip().splitlines()), 1, f"--bin {other}: lines of the message")


@case(minors=FEW)
def deleted_and_replaced(t):
    """The file that runs is read, not another that has taken its path."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/program"
        shutil.copy(t.path("many-default"), path)
        with Program([path, "-n=7"]) as program:
            shutil.move(path, f"{path}.old")
            shutil.copy("/bin/true", path)
            t.equal(len(goroutines(t, program)), 8, "goroutines of a replaced binary")
            shutil.rmtree(directory, ignore_errors=True)
            t.equal(len(goroutines(t, program)), 8, "goroutines of a deleted binary")


def goroutines(t, program):
    return t.spy.json("dump", "--pid", program.pid)["goroutines"]


@case()
def go_in_a_c_program(t):
    library = t.path("library.so")
    with Program([tool("cshared_host"), library]) as program:
        summary = t.spy.json("summary", "--pid", program.pid)
        t.equal(summary["go_version"], program.ready["go_version"], "go_version")
        count = program.ready["num_goroutine"]
        t.equal(summary["goroutines"]["count"], count, "goroutines.count")
        seen = views.from_json(t.spy.json("dump", "--user", "--pid", program.pid))
        works = [one for one in seen.values() if one.frames[-1].function == "main.work"]
        t.equal(len(works), 8, "goroutines in main.work")
        for one in works:
            t.equal([frame.function for frame in one.frames], ["main.work"], "frames")
            t.equal(one.state, "chan receive", "state")
