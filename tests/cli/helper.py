# SPDX-License-Identifier: MIT
"""What the tests of the command line share: spy with a fake engine, and a runner.

The fake engine (fake_engine.c) needs neither a target nor rights; the rest of the program is the
real one. Every file here runs by itself and ends with "N passed, N failed, N skipped"; what is
skipped says why, on a line "skipped: …".
"""

import functools
import json
import os
import pathlib
import subprocess
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Skip(Exception):
    """Why a test, or the rest of it, cannot run here."""


@functools.cache
def program():
    """spy over the fake engine; `make check` has built it, and if not it is built here."""
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    subprocess.run(["make", "-s", "fake-spy"], cwd=ROOT, env=environment, check=True)
    return str(ROOT / "build/asan/fake_spy")


def spy(*arguments, status=0, env=None, **options):
    """Runs it; the result has stdout and stderr. The exit status must be the one expected."""
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", **(env or {})}
    options.setdefault("stdout", subprocess.PIPE)
    done = subprocess.run([program(), *arguments], stderr=subprocess.PIPE, env=environment,
                          text=True, timeout=60, check=False, **options)
    equal(done.returncode, status, f"exit status of spy {' '.join(arguments)}: {done.stderr}")
    return done


def spy_json(*arguments, **options):
    return json.loads(spy("--json", *arguments, **options).stdout)


def usage_error(*arguments):
    """The one line that it says of wrong usage, without its newline."""
    done = spy(*arguments, status=2)
    equal(done.stdout, "", "standard output of a usage error")
    true(done.stderr.startswith("spy: ") and done.stderr.count("\n") == 1, done.stderr)
    return done.stderr.rstrip("\n")


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, not {wanted!r}")


def true(condition, what=""):
    if not condition:
        raise AssertionError(what)


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def main(names):
    """Runs the functions test_… of a file and exits."""
    passed = failed = skipped = 0
    for name, function in list(names.items()):
        if not name.startswith("test_"):
            continue
        try:
            function()
            passed += 1
        except Skip as reason:
            skipped += 1
            print(f"skipped: {name}: {reason}")
        except Exception:  # whatever it is, it is a failure, and the others go on
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(limit=-3, file=sys.stdout)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)
