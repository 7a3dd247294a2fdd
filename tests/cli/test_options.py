#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Options, operands, exit statuses, what stands on which output."""

import os
import subprocess

from helper import contains, equal, main, spy, spy_json, true, usage_error


def test_each_way_to_name_the_target():
    for arguments in (["4242"], ["-p4242"], ["-p", "4242"], ["--pid=4242"], ["--pid", "4242"],
                      ["usual"], ["--", "usual"], ["--core", "file"], ["--core=file"], []):
        equal(spy_json("summary", *arguments)["pid"], 4242, str(arguments))


def test_options_may_stand_before_the_command():
    equal(spy_json("-p", "4242", "summary")["pid"], 4242)
    equal(spy_json("--color", "never", "summary", "usual")["pid"], 4242)
    contains(spy("--version").stdout, "spy 0.0-fake")


def test_short_options_in_one_word():
    contains(spy("dump", "-jup4242").stdout, '"pid":4242')


def test_two_targets_are_refused():
    for arguments in (["1", "2"], ["-p", "1", "2"], ["--core", "f", "2"], ["-p1", "--core", "f"]):
        usage_error("summary", *arguments)


def test_bad_values():
    for value in ("abc", "", "0", "-1", "1x", "99999999999999999999", " 1", "0x10"):
        usage_error("summary", f"--pid={value}")
    usage_error("summary", "00")
    usage_error("summary", "99999999999999999999")
    usage_error("summary", "")
    usage_error("summary", "--limit", "0")
    usage_error("summary", "--bin=")
    usage_error("summary", "--json=yes")
    contains(usage_error("dump", "--limit"), "--limit lacks its N")
    contains(usage_error("summary", "-p"), "--pid lacks its PID")


def test_choices_are_listed():
    contains(usage_error("summary", "--pc", "end"), "start, caller, current")
    contains(usage_error("summary", "--color=red"), "auto, always, never")
    contains(usage_error("dump", "--status", "waiting,asleep"),
             "idle, runnable, running, syscall, waiting, dead, copystack, preempted, leaked")


def test_the_nearest_is_suggested():
    contains(usage_error("sumary"), 'did you mean "spy summary"?')
    contains(usage_error("dupm"), 'did you mean "spy dump"?')
    contains(usage_error("summary", "--jsno"), "did you mean --json?")
    contains(usage_error("dump", "--gruop"), "did you mean --group?")
    contains(usage_error("dump", "--wait"), "did you mean --wait-reason?")
    contains(usage_error("summary", "--xyzzy"), '"spy help summary"')
    contains(usage_error("summary", "--" + "x" * 1000), '"spy help summary"')
    contains(usage_error("help", "dmp"), 'did you mean "spy dump"?')


def test_other_usage_errors():
    contains(usage_error(), "spy help")
    usage_error("-x")
    usage_error("ps", "-x")
    usage_error("ps", "1234")
    usage_error("ps", "--pid", "1")
    usage_error("version", "now")
    usage_error("completion")
    usage_error("completion", "csh")
    usage_error("dump", "--user", "--system", "usual")


def test_arguments_are_escaped():
    contains(usage_error("\033[31m"), "\\x1b[31m")
    contains(usage_error("summary", "--\033[31m"), "\\x1b[31m")
    contains(usage_error("summary", "-\033"), "\\x1b")


def test_exit_statuses():
    for pid, status, line in ((11, 1, "spy: cannot read the ELF header\n"),
                              (13, 3, "spy: no process 13\n"),
                              (14, 4, "spy: not permitted to read process 14: run spy as root\n"),
                              (15, 5, "spy: a\\x1b[31m is not a Go program\n")):
        for extra in ([], ["--json"]):
            done = spy("summary", str(pid), *extra, status=status)
            equal((done.stdout, done.stderr), ("", line))


def test_help():
    overview = spy("help").stdout
    equal(spy("--help").stdout, overview)
    equal(spy("-h").stdout, overview)
    for name in ("ps", "summary", "dump", "version", "help", "completion"):
        contains(overview, f"\n  {name} ")
        text = spy("help", name).stdout
        equal(spy(name, "--help").stdout, text)
        equal(spy(name, "-h").stdout, text)
        contains(text, f"Usage: spy {name}")
        for line in text.splitlines():
            true(len(line) <= 100, line)
    contains(spy("help", "ps").stdout, "GOROUTINES")


def test_only_what_is_shown_is_collected():
    def told(*arguments):
        return spy(*arguments, "usual", env={"FAKE_TELL": "1"}).stderr.splitlines()[0]

    # the bits of enum spy_collect: goroutines 1, stacks 2, arguments 4, labels 8, waits 0x10,
    # memory 0x20, variables of frames 0x40
    equal(told("summary", "--json"), "collect=0x20 view=0 system=0 goroutine=0")
    equal(told("summary"), "collect=0x31 view=0 system=0 goroutine=0")
    equal(told("dump"), "collect=0x7 view=0 system=0 goroutine=0")
    equal(told("dump", "--group", "--user"), "collect=0x3 view=1 system=0 goroutine=0")
    equal(told("dump", "--labels", "--system"), "collect=0xf view=0 system=1 goroutine=0")
    equal(told("dump", "--label", "a", "--group"), "collect=0xb view=0 system=0 goroutine=0")
    equal(told("dump", "--locals"), "collect=0x47 view=0 system=0 goroutine=0")
    equal(told("dump", "--json", "-g", "7"), "collect=0x1b view=0 system=0 goroutine=7")


def test_a_goroutine_that_is_not_there():
    done = spy("dump", "--goroutine", "1001", "usual", status=1)
    contains(done.stderr, "spy: there is no goroutine 1001: ")


def test_warnings_go_to_standard_error():
    done = spy("summary", "usual")
    equal(done.stderr, "spy: warning: one thing could not be read\n")
    equal(spy_json("summary", "usual")["warnings"], ["one thing could not be read"])
    equal(spy("summary", "usual", "--json").stderr, "")


def test_a_full_disk_is_an_error():
    with open("/dev/full", "w", encoding="ascii") as full:
        for command in (["ps"], ["dump", "usual", "-j"], ["help"], ["completion", "bash"]):
            contains(spy(*command, status=1, stdout=full).stderr, "No space left on device")


def test_a_reader_that_goes_away_is_none():
    read, write = os.pipe()
    os.close(read)
    equal(spy("version", stdout=write).stderr, "")
    os.close(write)


def test_closed_descriptors():
    for closed in (0, 1, 2):
        spy("ps", preexec_fn=lambda fd=closed: os.close(fd))


def test_colour():
    def coloured(*arguments, **env):
        return "\033[" in spy("summary", "usual", *arguments, env=env).stdout

    true(not coloured(), "colour in a pipe")
    true(not coloured("--color=never"))
    true(coloured("--color=always"))
    true(coloured("--color", "always", NO_COLOR="1"), "asked for is asked for")
    true("\033" not in spy("dump", "usual", "--color=always").stdout, "a traceback stays one")


def on_terminal(*arguments, **env):
    """What it writes to a terminal (of script(1))."""
    from helper import program

    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **env}
    command = " ".join((program(), *arguments))
    return subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True,
                          env=environment, timeout=60, check=True).stdout.replace("\r\n", "\n")


def test_on_a_terminal():
    contains(on_terminal("summary", "usual", COLUMNS="200"), "\033[33mwaiting\033[0m")
    for quiet in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        true("\033" not in on_terminal("summary", "usual", **quiet), str(quiet))
    contains(on_terminal("summary", "usual", NO_COLOR=""), "\033[32mrunning")
    rows = on_terminal("ps", COLUMNS="60", NO_COLOR="1").splitlines()
    true(all(len(row) <= 60 for row in rows if not row.startswith("spy:")), "\n".join(rows))


if __name__ == "__main__":
    main(globals())
