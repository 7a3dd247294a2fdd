/* SPDX-License-Identifier: MIT */
#include "session/session.h"

/* A signal may interrupt a thread that stands on the scheduler's stack. */
enum { SWITCHES_MAX = 4 };

static const char running_elsewhere[] = "goroutine running on other thread; stack unavailable";

static const struct raw_running *running_of(const struct making *making, uint64_t g)
{
	size_t i;

	for (i = 0; i < making->collected->running.count; i++)
		if (making->collected->running.items[i].g == g)
			return &making->collected->running.items[i];
	return NULL;
}

static bool on_stack(const struct unwind_stack *stack, uint64_t sp)
{
	return sp >= stack->lo && sp < stack->hi;
}

/* Where the stack of a running goroutine begins, by the registers of its thread. */
static bool start_by_registers(const struct making *making, const struct raw_g *raw,
			       struct unwind_stack *stack)
{
	const struct raw_running *running = running_of(making, raw->address);
	uint64_t pc, sp;
	int switches;

	if (!running)
		return false;
	/* In the vDSO the pc is nowhere in Go (runtime/sys_linux_amd64.s: nanotime1). */
	if (running->m.vdso_sp && on_stack(stack, running->m.vdso_sp)) {
		stack->pc = running->m.vdso_pc;
		stack->sp = running->m.vdso_sp;
		return true;
	}
	pc = running->registers.pc;
	sp = running->registers.sp;
	for (switches = 0; switches < SWITCHES_MAX; switches++) {
		if (on_stack(stack, sp)) {
			stack->pc = pc;
			stack->sp = sp;
			stack->exact = true;
			return true;
		}
		if (running->m.vdso_sp && !switches) {
			pc = running->m.vdso_pc;
			sp = running->m.vdso_sp;
		}
		switch (unwind_to_switch(making->unwinder, raw->stack, pc, sp, &pc, &sp)) {
		case UNWIND_SCHED:
			stack->pc = raw->sched_pc;
			stack->sp = raw->sched_sp;
			return true;
		case UNWIND_REGISTERS:
			continue;
		case UNWIND_LOST:
			return false;
		}
	}
	return false;
}

struct made_stack make_stack(struct making *making, const struct raw_g *raw, bool places)
{
	struct unwind_stack stack = { .lo = raw->stack_lo, .hi = raw->stack_hi };
	struct unwind_request request = { .view = making->request->view,
					  .arguments =
					      making->request->collect & SPY_COLLECT_ARGUMENTS,
					  .places = places };
	struct made_stack made = { 0 };

	if (stack.hi <= stack.lo) {
		made.note = "it has no stack";
		return made;
	}
	if (raw->syscall_sp) {
		/* Whatever the status: since 1.26 a goroutine may still be running there. */
		stack.pc = raw->syscall_pc;
		stack.sp = raw->syscall_sp;
		stack.syscall = true;
	} else if (raw->status != G_RUNNING) {
		stack.pc = raw->sched_pc;
		stack.sp = raw->sched_sp;
	} else if (!start_by_registers(making, raw, &stack)) {
		made.note = running_elsewhere;
		return made;
	}
	unwind(making->unwinder, raw->stack, &stack, &request, &made.frames, &made.frame_count,
	       &made.note);
	return made;
}

void fill_stack(struct making *making, const struct raw_g *raw, struct spy_goroutine *ret)
{
	bool found;
	uint64_t known = map_get(&making->stacks, raw->address, &found);
	struct made_stack made =
	    found ? *(const struct made_stack *)(uintptr_t)known : make_stack(making, raw, false);

	ret->frames = made.frames;
	ret->frame_count = made.frame_count;
	ret->stack_note = made.note;
	if (made.note == running_elsewhere)
		making->running_unread++;
}
