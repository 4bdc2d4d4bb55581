/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SMP_H
#define SMP_H

/* More than one CPU: all of them execute the same function, each with a prefix area and stacks of its own. */

#include <stdbool.h>
#include <stdint.h>

/* What a CPU needs besides the first: an area of this size, on a boundary of 8 KB. */
#define SMP_AREA	0x6000UL

/*
 * Make CPU *cpu*, which must be stopped, ready for work with its area at *area*. It takes its interruptions as this CPU
 * does now. False if there is no such CPU.
 */
bool smp_prepare(uint16_t cpu, uintptr_t area);

/* Have CPUs 0 to *cpus* - 1 execute *function*, which gets the CPU address; return when all of them have done it. */
void smp_run(unsigned cpus, void (*function)(unsigned cpu));

/* Stop this CPU in the middle of its work, as if that were done. Not for CPU 0, which waits for the others. */
void smp_give_up(void) __attribute__((noreturn));

#endif /* SMP_H */
