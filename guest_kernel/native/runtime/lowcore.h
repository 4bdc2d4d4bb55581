/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LOWCORE_H
#define LOWCORE_H

/*
 * Assigned storage locations (Principles of Operation, chapter 3), and what this runtime keeps in the part of the
 * prefix area that is free for programs. All of it is reached without a base register.
 */

#define RESTART_OLD_PSW		0x120
#define EXTERNAL_OLD_PSW	0x130
#define SVC_OLD_PSW		0x140
#define PROGRAM_OLD_PSW		0x150
#define MACHINE_CHECK_OLD_PSW	0x160
#define IO_OLD_PSW		0x170

/* General registers of the interrupted program, one area for each class: the classes may nest. */
#define RESTART_REGISTERS	0x200
#define EXTERNAL_REGISTERS	0x280
#define SVC_REGISTERS		0x300
#define PROGRAM_REGISTERS	0x380
#define MACHINE_CHECK_REGISTERS	0x400
#define IO_REGISTERS		0x480

#define ATTEMPT_REGISTERS	0x500
#define ATTEMPT_PSW		0x580
#define ATTEMPT_STACK		0x590
#define INTERRUPTION_STACK	0x598
#define CPU_STACK		0x5a0

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct psw {
	uint64_t mask;
	uint64_t address;
};

struct lowcore {
	uint8_t ipl[0x80];
	uint32_t external_parameter;		/* 0x080 */
	uint16_t external_cpu_address;		/* 0x084 */
	uint16_t external_code;			/* 0x086 */
	uint16_t svc_length;			/* 0x088 */
	uint16_t svc_code;			/* 0x08a */
	uint16_t program_length;		/* 0x08c */
	uint16_t program_code;			/* 0x08e */
	uint32_t data_exception_code;		/* 0x090 */
	uint16_t monitor_class;			/* 0x094 */
	uint16_t per_code;			/* 0x096 */
	uint64_t per_address;			/* 0x098 */
	uint8_t exception_access;		/* 0x0a0 */
	uint8_t per_access;			/* 0x0a1 */
	uint8_t operand_access;			/* 0x0a2 */
	uint8_t architectural_mode;		/* 0x0a3 */
	uint8_t reserved_a4[4];
	uint64_t translation_exception;		/* 0x0a8 */
	uint64_t monitor_code;			/* 0x0b0 */
	uint8_t reserved_b8[0x110 - 0xb8];
	uint64_t breaking_event;		/* 0x110 */
	uint8_t reserved_118[8];
	struct psw old[6];			/* 0x120, in the order of enum interruption_class */
	uint8_t reserved_180[0x20];
	struct psw new[6];			/* 0x1a0, in the same order */
	uint64_t registers[6][16];		/* 0x200 */
	uint64_t attempt_registers[16];		/* 0x500 */
	struct psw attempt_psw;			/* 0x580 */
	uint64_t attempt_stack;			/* 0x590 */
	uint64_t interruption_stack;		/* 0x598 */
	uint64_t cpu_stack;			/* 0x5a0, see smp.h */
	uint64_t cpu_data;			/* 0x5a8, for the program */
};

_Static_assert(offsetof(struct lowcore, translation_exception) == 0xa8, "TEID");
_Static_assert(offsetof(struct lowcore, breaking_event) == 0x110, "breaking-event address");
_Static_assert(offsetof(struct lowcore, old) == RESTART_OLD_PSW, "old PSWs");
_Static_assert(offsetof(struct lowcore, new) == 0x1a0, "new PSWs");
_Static_assert(offsetof(struct lowcore, registers) == RESTART_REGISTERS, "registers");
_Static_assert(offsetof(struct lowcore, attempt_registers) == ATTEMPT_REGISTERS, "registers of an attempt");
_Static_assert(offsetof(struct lowcore, interruption_stack) == INTERRUPTION_STACK, "stack");
_Static_assert(offsetof(struct lowcore, cpu_stack) == CPU_STACK, "stack of the CPU");

/* Real address 0. Built with -fno-delete-null-pointer-checks, since here it is an address like any other. */
#define LOWCORE ((volatile struct lowcore *)0)

#endif /* __ASSEMBLER__ */
#endif /* LOWCORE_H */
