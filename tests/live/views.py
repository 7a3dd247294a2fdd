# SPDX-License-Identifier: MIT
"""What spy says of goroutines, in the terms of gotraceback: from its JSON and from its text."""

import gotraceback as go


def from_json(dump):
    """The goroutines of `spy dump --json`, by id."""
    found = {}
    for entry in dump["goroutines"]:
        state = entry["status"] if entry["wait_reason"] is None else entry["wait_reason"]
        goroutine = go.Goroutine(entry["id"], state, locked=entry["locked_to_thread"])
        for frame in entry["frames"]:
            goroutine.frames.append(
                go.Frame(
                    frame["function"],
                    frame["file"],
                    frame["line"],
                    frame["inlined"],
                    pc=int(frame["pc"], 16),
                )
            )
        created = entry["created_by"]
        if created:
            goroutine.created_by = go.Frame(created["function"], created["file"], created["line"])
            goroutine.creator = created["goroutine"]
        found[goroutine.id] = goroutine
    return found
