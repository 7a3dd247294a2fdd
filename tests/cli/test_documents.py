#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is made from the rows of the commands, or has to agree with them."""

import re
import shutil
import subprocess
import tempfile

from helper import ROOT, Skip, contains, equal, main, program, spy, true

COMMANDS = ("ps", "summary", "dump", "top", "stats", "gctrace", "heap", "metrics", "var", "vars",
            "watch", "version", "help", "completion")


def options_of(*command):
    """The options that help tells of: {(short or None, long), …}."""
    text = spy(*command, "--help").stdout
    return set(re.findall(r"^  (?:(-\w), |    )(--[\w-]+)", text, re.M))


def test_help_tells_all_commands():
    listed = re.findall(r"^  (\w+) +\w", spy("help").stdout.split("Options:")[0], re.M)
    equal(tuple(listed), COMMANDS)


def test_manual_names_everything():
    page = (ROOT / "docs/spy.1").read_text(encoding="utf-8").replace("\\-", "-")
    for command in ((), *((name,) for name in COMMANDS)):
        for short, long in options_of(*command):
            true(re.search(rf"^\.(BI|BR|B) .*{re.escape(long)}\b", page, re.M), long)
            true(not short or re.search(rf"^\.(BI|BR) {re.escape(short)} ", page, re.M), short)
    for name in COMMANDS:
        true(re.search(rf"^\.B {name}$", page, re.M), name)
    known = {long for command in ((), *((name,) for name in COMMANDS))
             for _, long in options_of(*command)}
    equal(set(re.findall(r"--[a-z][a-z-]+", page)) - known, set(), "only in the manual")


def test_manual_is_well_formed():
    if not shutil.which("groff"):
        raise Skip("groff is not installed")
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", ROOT / "docs/spy.1"],
                          capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""))


def completed(line):
    """What bash offers for the last word of a line."""
    words = line.split(" ")
    script = f"""
        source <({program()} completion bash)
        spy() {{
            [[ $1 != vars ]] || printf 'SIZE ADDRESS NAME\\n8 0x1 main.of%s\\n' "$2"
            [[ $1 == vars ]] || printf 'PID GO\\n12 x\\n345 y\\n'
        }}
        COMP_WORDS=({' '.join(repr(word) for word in words)})
        COMP_CWORD={len(words) - 1}
        _spy spy {words[-1]!r} {words[-2]!r}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    equal(done.stderr, "")
    return done.stdout.split()


def test_bash_completion():
    equal(completed("spy "), list(COMMANDS))
    equal(completed("spy su"), ["summary"])
    equal(completed("spy dump --gr"), ["--group"])
    equal(completed("spy dump "), ["12", "345"])
    equal(completed("spy -p 3"), ["345"])
    equal(completed("spy var "), ["12", "345"])
    equal(completed("spy var shop ma"), ["main.ofshop"])
    equal(completed("spy vars -j --pid = 12 x main"), ["main.of12"])
    equal(completed("spy var shop --raw --ev"), ["--every"])
    equal(completed("spy summary --pc "), ["start", "caller", "current"])
    equal(completed("spy summary --color = al"), ["always"])
    equal(completed("spy help d"), ["dump"])
    equal(completed("spy completion "), ["bash", "zsh", "fish"])
    equal(completed("spy ps --p"), [])
    for name in COMMANDS:
        offered = completed(f"spy {name} --")
        equal(set(offered), {long for _, long in options_of(name)}, name)


def reads_its_script(shell):
    script = spy("completion", shell).stdout
    contains(script, "spy completion " + shell)
    for name in COMMANDS:
        contains(script, name)
        for _, long in options_of(name):
            contains(script, long[2:])
    if not shutil.which(shell):
        raise Skip(f"{shell} is not installed")
    with tempfile.NamedTemporaryFile("w", suffix="." + shell) as file:
        file.write(script)
        file.flush()
        done = subprocess.run([shell, "-n", file.name], capture_output=True, text=True,
                              check=False)
        equal((done.returncode, done.stderr), (0, ""), shell)


def test_bash_reads_its_script():
    reads_its_script("bash")


def test_zsh_reads_its_script():
    reads_its_script("zsh")


def test_fish_reads_its_script():
    reads_its_script("fish")


if __name__ == "__main__":
    main(globals())
