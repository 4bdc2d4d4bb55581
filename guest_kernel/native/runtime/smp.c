/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU that has nothing to do is stopped; SIGP restart gives it work, after which it stops itself. */
#include "smp.h"

#include "instructions.h"
#include "lowcore.h"

#define ORDER_SENSE		0x01
#define ORDER_STOP		0x05
#define ORDER_RESTART		0x06
#define ORDER_SET_PREFIX	0x0d

#define ACCEPTED	0
#define STATUS_STORED	1
#define BUSY		2
#define STATUS_STOPPED	0x40

#define PREFIX_AREA	0x2000
#define STACK		0x2000
/* Room for the register-save area and the back chain that a called function may use. */
#define FRAME		160

void smp_work(void);
extern const char smp_entry[];

static void (*volatile work)(unsigned cpu);

asm(".pushsection .text\n"
    "	.balign 8\n"
    "smp_entry:\n"
    "	.cfi_startproc\n"
    "	.cfi_undefined %r14\n"
    "	lg %r15,0x5a0\n"
    "	xc 0(8,%r15),0(%r15)\n"
    "	brasl %r14,smp_work\n"
    "	.cfi_endproc\n"
    "	.popsection");
_Static_assert(CPU_STACK == 0x5a0, "smp_entry");

/* SIGNAL PROCESSOR with a parameter; gives the condition code, and the status if there is any. */
static unsigned signal(uint16_t cpu, unsigned order, uint64_t parameter, uint64_t *status)
{
	register uint64_t status_register asm("2") = 0;
	register uint64_t parameter_register asm("3") = parameter;
	uint64_t cc;

	asm volatile("sigp %1,%3,0(%4)\n\tipm %0\n\tsrlg %0,%0,28"
		     : "=d" (cc), "+d" (status_register)
		     : "d" (parameter_register), "d" ((uint64_t)cpu), "a" ((uint64_t)order)
		     : "cc", "memory");
	*status = status_register & 0xffffffff;
	return cc & 3;
}

/* DIAGNOSE 0x044, voluntary time-slice end: let another CPU run. */
static void yield(void)
{
	asm volatile("diag 0,0,0x44" : : : "memory");
}

/* The condition code of an order, given again for as long as the CPU is busy. */
static unsigned order(uint16_t cpu, unsigned code, uint64_t parameter, uint64_t *status)
{
	unsigned cc;

	while ((cc = signal(cpu, code, parameter, status)) == BUSY)
		yield();
	return cc;
}

static bool is_stopped(uint16_t cpu)
{
	uint64_t status;

	return order(cpu, ORDER_SENSE, 0, &status) == STATUS_STORED && status & STATUS_STOPPED;
}

bool smp_prepare(uint16_t cpu, uintptr_t area)
{
	volatile struct lowcore *lowcore = (struct lowcore *)area;
	uint64_t status;

	for (uintptr_t at = area; at < area + PREFIX_AREA; at += sizeof(uint64_t))
		*(volatile uint64_t *)at = 0;
	for (unsigned class = 0; class < sizeof(lowcore->new) / sizeof(lowcore->new[0]); class++) {
		lowcore->new[class].mask = LOWCORE->new[class].mask;
		lowcore->new[class].address = LOWCORE->new[class].address;
	}
	lowcore->new[0].address = (uint64_t)smp_entry;
	lowcore->cpu_stack = area + PREFIX_AREA + STACK - FRAME;
	lowcore->interruption_stack = area + SMP_AREA - FRAME;
	return order(cpu, ORDER_SET_PREFIX, area, &status) == ACCEPTED;
}

void smp_work(void)
{
	work(cpu_address());
	smp_give_up();
}

void smp_give_up(void)
{
	for (;;)
		sigp(cpu_address(), ORDER_STOP);
}

void smp_run(unsigned cpus, void (*function)(unsigned cpu))
{
	uint64_t status;

	work = function;
	for (unsigned cpu = 1; cpu < cpus; cpu++)
		order(cpu, ORDER_RESTART, 0, &status);
	function(0);
	for (unsigned cpu = 1; cpu < cpus; cpu++) {
		while (!is_stopped(cpu))
			yield();
	}
}
