/* SPDX-License-Identifier: MIT
 *
 * The registers of a stopped thread, x86_64.
 */
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "base/cursor.h"
#include "procmem/live.h"

_Static_assert(sizeof(struct user_regs_struct) == PAUSE_REGISTERS_BYTES,
	       "the general registers of x86_64 (Linux, arch/x86/include/asm/user_64.h)");

void pause_registers_from(const uint8_t *bytes, struct target_registers *ret)
{
	ret->pc = load_u64(bytes + offsetof(struct user_regs_struct, rip));
	ret->sp = load_u64(bytes + offsetof(struct user_regs_struct, rsp));
	ret->bp = load_u64(bytes + offsetof(struct user_regs_struct, rbp));
	ret->r14 = load_u64(bytes + offsetof(struct user_regs_struct, r14));
	ret->fs_base = load_u64(bytes + offsetof(struct user_regs_struct, fs_base));
}

bool pause_registers(pid_t tid, struct target_registers *ret)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0)
		return false;
	pause_registers_from((const uint8_t *)&registers, ret);
	return true;
}
