# SPDX-License-Identifier: MIT
"""Debug files: symbols and DWARF that were taken out of a program and are kept elsewhere."""

import contextlib
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time

import gotraceback as go
import views
from harness import FEW, SPY, Failed, Skip, case
from program import Program


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False, **options)
    if done.returncode:
        raise Failed(f"{command[0]}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


class Parted:
    """A fixture in two files, in a directory that goes with it."""

    def __init__(self, t, flavour=None, compress=None):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.program, self.debug = self.directory / "program", self.directory / "kept.debug"
        whole = t.path(f"blocks-{flavour or t.flavour}")
        flags = [f"--compress-debug-sections={compress}"] if compress else []
        run("objcopy", "--only-keep-debug", *flags, whole, self.debug)
        run("strip", "-o", self.program, whole)
        self.build_id = re.search(r"Build ID: (\w+)", run("readelf", "-nW", self.program))
        self.build_id = self.build_id and self.build_id.group(1)

    def link(self, debug=None):
        run("objcopy", f"--add-gnu-debuglink={debug or self.debug}", self.program)

    def section(self, content):
        """A .gnu_debuglink as no tool makes it."""
        file = self.directory / "section"
        file.write_bytes(content)
        run("objcopy", f"--add-section=.gnu_debuglink={file}", self.program)

    def by_id(self, root="", debug_directory="/usr/lib/debug"):
        if not self.build_id:
            raise Skip("this version gives programs no GNU build ID")
        return pathlib.Path(f"{root}{debug_directory}/.build-id/{self.build_id[:2]}/"
                            f"{self.build_id[2:]}.debug")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)


def move(file, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(shutil.move(file, to))


def check(t, program, file, what, **options):
    """That a debug file is used, or (None) none is, and that the answers are right either way."""
    summary = t.spy.json("summary", "--pid", program.pid, **options)
    found = summary["symbols_file"]
    t.equal(summary["symbols_from"], "debug_file" if file else "code", f"symbols_from, {what}")
    t.check(str(found or "").endswith(str(file or "")) and bool(found) == bool(file),
            f"symbols_file, {what}: {found}, should be {file}")
    t.equal(summary["debug_info"], "dwarf" if file else "none", f"debug_info, {what}")
    t.equal(summary["layout_from"], "dwarf" if file else "table", f"layout_from, {what}")
    truth = go.parse(program.ask("stack")["stack"])
    seen = views.from_json(t.spy.json("dump", "--user", "--pid", program.pid, **options))
    t.check_none([f"{what}: {problem}"
                  for problem in go.compare(truth, seen, t.silent_limit, but=[1])])
    return summary


@case(flavours=("default", "pie", "cgopie"))
def beside_the_program(t):
    with Parted(t) as parted:
        parted.link()
        with Program([parted.program]) as program:
            check(t, program, parted.debug, "beside it")
            check(t, program, move(parted.debug, parted.directory / ".debug/kept.debug"),
                  "in .debug")
            shutil.rmtree(parted.directory / ".debug")
            check(t, program, None, "nowhere")


@case(minors=FEW)
def compressed_in_each_way(t):
    for way in ("none", "zlib", "zlib-gnu"):
        with Parted(t, compress=way) as parted:
            parted.link()
            with Program([parted.program]) as program:
                check(t, program, parted.debug, f"compressed: {way}")


@contextlib.contextmanager
def rooted(parted):
    """The program in a root directory of its own, as in a container."""
    if os.geteuid():
        raise Skip("only root may change the root directory")
    inside = parted.directory / "root/opt/bin/program"
    move(parted.program, inside)
    with Program(["chroot", parted.directory / "root", "/opt/bin/program"]) as program:
        yield program, parted.directory / "root"


@case(flavours=("default",), minors=FEW)
def in_the_root_of_the_target(t):
    with Parted(t) as parted:
        parted.link()
        with rooted(parted) as (program, root):
            here = move(parted.debug, root / "opt/bin/kept.debug")
            check(t, program, "/opt/bin/kept.debug", "beside it")
            here = move(here, root / "usr/lib/debug/opt/bin/kept.debug")
            check(t, program, "/usr/lib/debug/opt/bin/kept.debug", "in the folder")
            move(here, parted.debug)
            # A link of the target leads to files of the target only.
            (root / "opt/bin/kept.debug").symlink_to(parted.debug)
            check(t, program, None, "a link out of its root")


@case(flavours=("default", "static"))
def by_build_id(t):
    with Parted(t) as parted:
        where = parted.by_id()
        with rooted(parted) as (program, root):
            here = move(parted.debug, pathlib.Path(f"{root}{where}"))
            check(t, program, where, "in the folder of build IDs")
            # A link, absolute as distributions make them, that stays below the root.
            move(here, root / "elsewhere.debug")
            here.symlink_to("/elsewhere.debug")
            check(t, program, where, "a link in the folder of build IDs")


@case(flavours=("static",), minors=(10, 27))
def in_our_own_folders(t):
    """In a mount namespace: what the system itself has is not touched."""
    folder = pathlib.Path("/usr/lib/debug")
    if os.geteuid() or not folder.is_dir():
        raise Skip(f"only root may mount, and over {folder} only if it is there")
    with Parted(t) as parted, Program([parted.program]) as program:
        mounted = parted.directory / "mounted"
        here = move(parted.debug, parted.by_id(mounted, ""))
        command = ["unshare", "--mount", "--propagation=private", "sh", "-c",
                   'mount --bind "$0" /usr/lib/debug && exec "$@"', mounted,
                   SPY, "summary", "--json", "--pid", program.pid]
        summary = json.loads(run(*command, env={**os.environ, "DEBUGINFOD_URLS": ""}))
        t.equal(summary["symbols_from"], "debug_file", "symbols_from")
        t.equal(summary["symbols_file"], f"{folder}/{here.relative_to(mounted)}", "symbols_file")


@case(minors=FEW)
def what_is_of_another_build(t):
    with Parted(t) as parted, Parted(t, flavour="trimpath" if t.minor >= 13 else "nl") as other:
        parted.link()
        kept = parted.debug.read_bytes()
        with Program([parted.program]) as program:
            shutil.copy(other.debug, parted.debug)
            check(t, program, None, "the debug file of another build")
            parted.debug.write_bytes(kept + b"\0")
            check(t, program, None, "another checksum")
            parted.debug.write_bytes(b"")
            check(t, program, None, "an empty file")
            parted.debug.unlink()
            os.mkfifo(parted.debug)
            check(t, program, None, "a FIFO")
            parted.debug.unlink()
            parted.debug.symlink_to("/dev/zero")
            check(t, program, None, "a device")
    with Parted(t) as parted, Parted(t, flavour="trimpath" if t.minor >= 13 else "nl") as other:
        # The link of another file, with its checksum: the code tells them apart.
        parted.link(other.debug)
        shutil.copy(other.debug, parted.directory)
        with Program([parted.program]) as program:
            check(t, program, None, "linked to another build")


@case(minors=FEW)
def links_as_nobody_makes_them(t):
    contents = {
        "in another directory": b"../kept.debug\0\0\0\1\2\3\4",
        "absolute": b"/etc/passwd\0\1\2\3\4",
        "a directory": b"..\0\0\1\2\3\4",
        "nothing": b"\0\0\0\0\1\2\3\4",
        "no end": b"kept.debug",
        "no checksum": b"kept.debug\0\0",
        "too long a name": b"k" * 4000 + b"\0\0\0\0\1\2\3\4",
        "a huge section": b"kept.debug\0\0" + bytes(1 << 20),
    }
    for what, content in contents.items():
        with Parted(t) as parted:
            parted.section(content)
            with Program([parted.program]) as program:
                check(t, program, None, what)


@case(minors=FEW)
def a_broken_debug_file(t):
    """Its IDs and its checksum are right, and what else it says is not."""
    for name in ("symtab", "debug_info", "debug_abbrev"):
        with Parted(t) as parted:
            place = re.search(rf" \.z?{name} +\w+ +\w+ (\w+) (\w+)",
                              run("readelf", "-SW", parted.debug))
            start, size = (int(word, 16) for word in place.groups())
            content = bytearray(parted.debug.read_bytes())
            content[start:start + size] = random.Random(start).randbytes(size)
            parted.debug.write_bytes(content)
            parted.link()
            with Program([parted.program]) as program:
                truth = go.parse(program.ask("stack")["stack"])
                seen = views.from_json(t.spy.json("dump", "--user", "--pid", program.pid))
                t.check_none([f"{name}: {problem}" for problem in
                              go.compare(truth, seen, t.silent_limit, but=[1])])


# ---- debuginfod -----------------------------------------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """Answers as debuginfod does; see debuginfod(8)."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.silent:
            time.sleep(30)
        body = self.server.files.get(self.path)
        with contextlib.suppress(OSError):  # who asked may have given up
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(parted, content, silent=False):
    """A server that has the debug file, and the environment in which it is asked."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    server.files = {f"/buildid/{parted.build_id}/debuginfo": content}
    server.asked, server.silent = [], silent
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cache = tempfile.mkdtemp()
    try:
        yield server, {"DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_port}",
                       "DEBUGINFOD_CACHE_PATH": cache, "DEBUGINFOD_TIMEOUT": "1",
                       "DEBUGINFOD_MAXTIME": "2", "no_proxy": "*"}
    finally:
        server.shutdown()
        shutil.rmtree(cache, ignore_errors=True)


def needs_library():
    if "libdebuginfod.so.1" not in run("/sbin/ldconfig", "-p"):
        raise Skip("libdebuginfod is not installed")


@case(flavours=("static", "cgopie"), minors=FEW)
def a_server_is_asked(t):
    needs_library()
    with Parted(t) as parted, Program([parted.program]) as program:
        parted.by_id()
        with served(parted, parted.debug.read_bytes()) as (server, env):
            check(t, program, None, "no server", env={})
            t.equal(server.asked, [], "requests without DEBUGINFOD_URLS")
            check(t, program, "/debuginfo", "a server has it", env=env)
            t.equal(server.asked, [f"/buildid/{parted.build_id}/debuginfo"], "requests")
        with served(parted, None) as (server, env):
            summary = check(t, program, None, "the server has none", env=env)
            t.equal(summary["warnings"], [], "warnings, the server has none")
        other = t.path("blocks-cgo").read_bytes()
        with served(parted, other) as (server, env):
            check(t, program, None, "the server has another", env=env)


def told_on_a_terminal(program, env):
    leader, follower = os.openpty()
    subprocess.run([SPY, "summary", "--pid", str(program.pid)], stdout=subprocess.DEVNULL,
                   stderr=follower, env={**os.environ, **env}, check=True)
    os.close(follower)
    told = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while chunk := os.read(leader, 65536):
            told += chunk
    os.close(leader)
    return told.decode()


@case(flavours=("static",), minors=(27,), seconds=20)
def servers_that_are_of_no_use(t):
    needs_library()
    with Parted(t) as parted, Program([parted.program]) as program:
        with served(parted, b"x", silent=True) as (_, env):
            start = time.monotonic()
            summary = t.spy.json("summary", "--pid", program.pid, env=env)
            t.check(time.monotonic() - start < 15, "a silent server held us up")
            t.check("debuginfod could not be asked" in str(summary["warnings"]),
                    f"warnings of a silent server: {summary['warnings']}")
            told = told_on_a_terminal(program, env)
            t.check(re.match(r"(\rspy: asking debuginfod, [ \d]\d s )+\r {31,}\rspy: warning: ", told),
                    f"told on a terminal: {told!r}")
            told = t.spy.run("summary", "--pid", program.pid, env=env).stderr
            t.check(told.startswith("spy: warning: "), f"told elsewhere: {told!r}")
            del env["DEBUGINFOD_TIMEOUT"], env["DEBUGINFOD_MAXTIME"]
            start = time.monotonic()
            summary = t.spy.json("summary", "--pid", program.pid, env=env)
            t.check(time.monotonic() - start < 15, "a silent server held us up, without limits")
            t.check("it took too long" in str(summary["warnings"]),
                    f"warnings of a silent server, without limits: {summary['warnings']}")
        with tempfile.TemporaryDirectory() as empty:
            (pathlib.Path(empty) / "libdebuginfod.so.1").write_text("no library")
            env = {"DEBUGINFOD_URLS": "http://127.0.0.1:1", "LD_LIBRARY_PATH": empty}
            summary = t.spy.json("summary", "--pid", program.pid, env=env)
            t.check("libdebuginfod1" in str(summary["warnings"]),
                    f"warnings without the library: {summary['warnings']}")
