# SPDX-License-Identifier: MIT
"""Stored cores of the blocks fixture against what the program said of itself when they were made.

These need neither Go nor the right to look into processes. tests/replay/record makes them.
"""

import functools
import json
import lzma
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "cli"), str(HERE.parent / "live")]
sys.dont_write_bytecode = True

import gotraceback as go  # noqa: E402
from helper import ROOT, equal, main  # noqa: E402
from views import from_json  # noqa: E402

SPY = pathlib.Path(os.environ.get("SPY", ROOT / "build/spy"))
FOLDER = tempfile.TemporaryDirectory(prefix="spy-replay-")


@functools.cache
def replay(version):
    """The options that open it, and its truth."""
    folder = pathlib.Path(FOLDER.name) / version
    folder.mkdir()
    for name in ("core", "program", "truth.json"):
        with lzma.open(HERE / version / f"{name}.xz") as packed, open(folder / name, "wb") as file:
            while block := packed.read(1 << 20):
                if block.strip(b"\0"):
                    file.write(block)
                else:
                    file.seek(len(block), 1)  # a hole
            file.truncate()
    options = ["--core", str(folder / "core"), "--bin", str(folder / "program")]
    return options, json.loads((folder / "truth.json").read_text())


def spy(*arguments):
    done = subprocess.run([SPY, *arguments, "--json"], capture_output=True, check=False)
    equal(done.returncode, 0, f"exit status of spy {arguments}: {done.stderr}")
    return json.loads(done.stdout)


MAIN = 1  # stood in read(2) when the core was made, and in runtime.Stack when the program answered
TELLS_WHAT_IT_LEAVES_OUT = 21  # tracebacks of earlier versions end early without a word


def check(version):
    options, truth = replay(version)
    minor = int(version.split(".")[1])
    summary = spy("summary", *options)
    equal(summary["go_version"], version, "go_version")
    equal(summary["gomaxprocs"], truth["gomaxprocs"], "gomaxprocs")
    for name, wanted in (("runtime.gomaxprocs", truth["gomaxprocs"]),
                         ("runtime.ncpu", summary["ncpu"]), ("runtime.buildVersion", version)):
        equal(spy("var", *options, name)["value"], wanted, name)
    equal(summary["goroutines"]["count"], truth["num_goroutine"], "goroutines.count")
    equal(summary["paused_ns"], 0, "paused_ns")
    equal(summary["layout_from"], "table", "layout_from")
    stacks = go.parse(truth["stack"])
    seen = from_json(spy("dump", "--user", *options))
    equal(go.compare(stacks, seen, minor < TELLS_WHAT_IT_LEAVES_OUT, but=[MAIN]), [], "stacks")
    labels = {one["id"]: one["labels"] for one in spy("dump", *options)["goroutines"]}
    for fact in truth["goroutines"]:
        wanted = {text_of(key): text_of(value) for key, value in fact["labels_hex"]}
        equal(labels[fact["id"]], wanted, f"labels of {fact['name']}")


def check_heap(version):
    """What the spans hold against what the counters say, and metrics against the summary."""
    options, truth = replay(version)
    heap = spy("heap", *options)
    for one in [*heap["size_classes"], heap["total"]]:
        equal(one["objects_in_use"], one["mallocs"] - one["frees"], f"objects of {one}")
    equal(heap["total"]["bytes_in_use"], heap["memstats"]["HeapAlloc"], "bytes in use")
    equal(heap["resident"]["rss"], None, "a core says nothing of what was resident")
    if int(version.split(".")[1]) < 16:
        return
    metrics = spy("metrics", *options)["metrics"]
    equal([name for name, one in metrics.items() if one.get("value", one.get("counts")) is None],
          [], "metrics that could not be read")
    equal(metrics["/sched/gomaxprocs:threads"]["value"] if "/sched/gomaxprocs:threads" in metrics
          else truth["gomaxprocs"], truth["gomaxprocs"], "GOMAXPROCS")


def text_of(digits):
    return bytes.fromhex(digits).decode("utf-8", "replace")


def test_go_1_10():
    check("go1.10.8")
    check_heap("go1.10.8")


def test_go_1_17():
    check("go1.17.13")
    check_heap("go1.17.13")


def test_go_1_27():
    check("go1.27.4")
    check_heap("go1.27.4")


if __name__ == "__main__":
    main(globals())
