# SPDX-License-Identifier: MIT
"""Runs functions in processes of their own, so many at a time, those that take longest first.

Processes and not threads: most of a test's own work is Python, of which one process does one thing
at a time.
"""

import heapq
import itertools
import multiprocessing
import multiprocessing.connection
import traceback

FORK = multiprocessing.get_context("fork")


class Died(Exception):
    """A job ended without a result."""


def _child(connection, function, arguments):
    try:
        connection.send(function(*arguments))
    except Exception:  # what goes wrong in a job is not to be lost
        connection.send(Died(traceback.format_exc()))
    finally:
        connection.close()


class Jobs:
    """Give it jobs by add(), then call step() until busy() is false."""

    def __init__(self, limit):
        self.limit = limit
        self.waiting = []
        self.running = {}  # the end of a pipe -> its process and receiver
        self.numbers = itertools.count()

    def add(self, seconds, receive, function, *arguments):
        """receive gets what the function returns, or an exception. seconds: about how long it takes;
        of two that take as long, the first is started first."""
        job = (-seconds, next(self.numbers), receive, function, arguments)
        heapq.heappush(self.waiting, job)

    def busy(self):
        return bool(self.waiting or self.running)

    def step(self, *files):
        """Starts what there is room for, and waits until something happens. Returns those of the
        files that can be read."""
        while self.waiting and len(self.running) < self.limit:
            _, _, receive, function, arguments = heapq.heappop(self.waiting)
            ours, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=_child, args=(theirs, function, arguments), daemon=True)
            process.start()
            theirs.close()
            self.running[ours] = (process, receive)
        ready = multiprocessing.connection.wait([*self.running, *files])
        for one in ready:
            if one in self.running:
                self._finish(one)
        return [one for one in ready if one in files]

    def _finish(self, connection):
        process, receive = self.running.pop(connection)
        try:
            result = connection.recv()
        except EOFError:
            result = None
        connection.close()
        process.join()
        receive(result or Died(f"it ended with status {process.exitcode}"))
