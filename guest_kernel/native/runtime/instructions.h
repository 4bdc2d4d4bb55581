/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

/*
 * Control instructions as functions, for programs that want their effect. A program that wants to see one interrupted,
 * or what it does to the condition code, attempts it instead (see expect.h).
 */

#include <stdbool.h>
#include <stdint.h>

/* IBM bit numbering: bit 0 is the leftmost of 64. */
#define BIT(number) (1UL << (63 - (number)))

/* PSW bits and the masks that programs use. */
#define PSW_DAT			BIT(5)
#define PSW_EXTERNAL		BIT(7)
#define PSW_KEY(key)		((uint64_t)(key) << 52)
#define PSW_WAIT		BIT(14)
#define PSW_PROBLEM		BIT(15)
#define PSW_SECONDARY		BIT(16)
#define PSW_HOME		(BIT(16) | BIT(17))
#define PSW_CC(cc)		((uint64_t)(cc) << 44)
#define PSW_PROGRAM_MASK(mask)	((uint64_t)(mask) << 40)
#define PSW_64			(BIT(31) | BIT(32))
#define PSW_31			BIT(32)
/* Supervisor state, key 0, disabled, DAT off, 64-bit mode: how every program here runs. */
#define PSW_KERNEL		PSW_64

#define CR0_SSM_SUPPRESSION	BIT(33)
#define CR0_LOW_ADDRESS		BIT(35)
#define CR0_SECONDARY_SPACE	BIT(37)
#define CR0_FETCH_OVERRIDE	BIT(38)
#define CR0_STORAGE_OVERRIDE	BIT(39)
#define CR0_EDAT		BIT(40)
#define CR0_EXECUTION		BIT(43)
#define CR0_AFP			BIT(45)
#define CR0_EMERGENCY_SIGNAL	BIT(49)
#define CR0_EXTERNAL_CALL	BIT(50)
#define CR0_CLOCK_COMPARATOR	BIT(52)
#define CR0_CPU_TIMER		BIT(53)
#define CR0_SERVICE_SIGNAL	BIT(54)

/* Facility bits that programs ask for. */
enum facility {
	FACILITY_EDAT_1 = 8,
	FACILITY_CONDITIONAL_SSKE = 10,
	FACILITY_NONQUIESCING = 14,
	FACILITY_GENERAL_EXTENSION = 34,
	FACILITY_EXECUTE_EXTENSION = 35,
	FACILITY_RRBM = 66,
	FACILITY_FETCH_STORE = 75,
	FACILITY_EXECUTION_PROTECTION = 130,
	FACILITY_ESOP_2 = 131,
	FACILITY_ESSA_NO_TRANSLATE = 147,
};

#define CONTROL_REGISTER(number)							\
static inline uint64_t get_cr##number(void)						\
{											\
	uint64_t value;									\
	asm volatile("stctg %%c" #number ",%%c" #number ",%0" : "=Q" (value));		\
	return value;									\
}											\
static inline void set_cr##number(uint64_t value)					\
{											\
	asm volatile("lctlg %%c" #number ",%%c" #number ",%0" : : "Q" (value) : "memory");	\
}

CONTROL_REGISTER(0)
CONTROL_REGISTER(1)
CONTROL_REGISTER(3)
CONTROL_REGISTER(7)
CONTROL_REGISTER(8)
CONTROL_REGISTER(12)
CONTROL_REGISTER(13)
CONTROL_REGISTER(14)

/* EXTRACT AND SET STORAGE ATTRIBUTES; no assembler knows its name. Gives the state before. */
#define essa(request, page) ({								\
	uint64_t state_;								\
	asm volatile(".insn rrf,0xb9ab0000,%0,%1," #request ",0"			\
		     : "=d" (state_) : "d" (page) : "memory");				\
	state_; })

/* SET STORAGE KEY EXTENDED, all seven bits, no conditions. */
static inline void sske(uint64_t page, uint64_t key)
{
	asm volatile("sske %0,%1" : : "d" (key), "a" (page) : "memory");
}

/* INSERT STORAGE KEY EXTENDED. */
static inline unsigned iske(uint64_t page)
{
	uint64_t key = 0;

	asm volatile("iske %0,%1" : "+d" (key) : "a" (page) : "memory");
	return key;
}

static inline uint64_t stck(void)
{
	uint64_t clock;

	asm volatile("stck %0" : "=Q" (clock) : : "cc");
	return clock;
}

static inline void set_clock_comparator(uint64_t value)
{
	asm volatile("sckc %0" : : "Q" (value));
}

static inline void set_cpu_timer(uint64_t value)
{
	asm volatile("spt %0" : : "Q" (value));
}

static inline uint16_t cpu_address(void)
{
	uint16_t address;

	asm volatile("stap %0" : "=Q" (address));
	return address;
}

/* SIGNAL PROCESSOR; gives the condition code. */
static inline unsigned sigp(uint16_t cpu, unsigned order)
{
	register uint64_t status_and_parameter asm("2") = 0;
	uint64_t cc;

	asm volatile("sigp %1,%2,0(%3)\n\tipm %0\n\tsrlg %0,%0,28"
		     : "=d" (cc), "+d" (status_and_parameter) : "d" ((uint64_t)cpu), "a" ((uint64_t)order)
		     : "cc", "memory");
	return cc & 3;
}

/* SERVICE CALL (no assembler name for it in LLVM); gives the condition code. */
static inline unsigned servc(uint32_t command, const void *sccb)
{
	uint64_t cc;

	asm volatile(".insn rre,0xb2200000,%1,%2\n\tipm %0\n\tsrlg %0,%0,28"
		     : "=d" (cc) : "d" ((uint64_t)command), "d" (sccb) : "cc", "memory");
	return cc & 3;
}

/* STORE FACILITY LIST EXTENDED into *words* doublewords. */
static inline void stfle(uint64_t *list, unsigned words)
{
	register uint64_t last asm("0") = words - 1;

	asm volatile(".insn s,0xb2b00000,0(%1)" : "+d" (last) : "a" (list) : "cc", "memory");
}

static inline void load_psw(uint64_t mask, uint64_t address)
{
	struct { uint64_t mask, address; } psw = { mask, address };

	asm volatile("lpswe %0" : : "Q" (psw) : "memory", "cc");
}

/* Wait, enabled for external interruptions, until one has been taken; its handler ends the wait (runtime.c). */
static inline void wait_for_external(void)
{
	struct { uint64_t mask, address; } psw = { PSW_KERNEL | PSW_EXTERNAL | PSW_WAIT, 0 };
	uint64_t after;

	asm volatile("larl %0,0f\n\tstg %0,8(%1)\n\tlpswe 0(%1)\n0:" : "=&d" (after) : "a" (&psw) : "memory", "cc");
}

#endif /* INSTRUCTIONS_H */
