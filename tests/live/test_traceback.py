# SPDX-License-Identifier: MIT
"""The comparer itself: what a process says of itself in two ways must agree."""

import gotraceback as go
from harness import case


@case(program="blocks", env={"GOTRACEBACK": "system"}, shared=False)
def traceback_agrees_with_stack(t):
    """runtime.Stack hides frames of the runtime; what is left agrees with the traceback."""
    user = go.parse(t.program.ask("stack")["stack"])
    full = go.parse(t.program.quit_with_traceback())
    t.check(len(user) >= 60, f"only {len(user)} goroutines")
    t.check(user.keys() <= full.keys(), f"not in the traceback: {user.keys() - full.keys()}")
    for number, want in user.items():
        if number == 1:
            continue  # it was running, and is in read(2) now
        seen = full[number]
        places = iter(frame.place() for frame in seen.frames)
        cut = want.elided_at is not None or len(want.frames) >= go.SILENT_LIMIT
        t.check(
            cut or all(frame.place() in places for frame in want.frames),
            f"goroutine {number}: frames differ",
        )
        if not want.created_by and seen.created_by.function.startswith("runtime."):
            seen.created_by = seen.creator = None  # hidden like frames of the runtime
        seen.frames, want.elided_at = want.frames, None  # they have been compared
        t.check_none(go.differences(want, seen))


@case(program="blocks")
def facts_agree_with_stack(t):
    """Every goroutine that told its id is in the traceback; NumGoroutine counts them."""
    answer = t.program.ask("stack")
    stack = go.parse(answer["stack"])
    counted = len(stack.keys() - t.program.uncounted())
    t.equal(counted, answer["num_goroutine"], "goroutines in runtime.Stack")
    for fact in t.program.ready["goroutines"]:
        t.check(fact["id"] in stack, f"{fact['name']} is not in runtime.Stack")
