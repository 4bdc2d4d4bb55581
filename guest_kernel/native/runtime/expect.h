/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EXPECT_H
#define EXPECT_H

/*
 * The verbs of a test program: given, act, check.
 *
 * A check is an attempt to execute one instruction, the first of a snippet, with chosen registers and a chosen PSW.
 * The attempt ends with the first interruption, whatever its class; a snippet that is not interrupted ends with SVC 0.
 * So every detail can be looked at afterwards, in `outcome`, and no state of the attempt leaks into the program.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lowcore.h"

enum interruption_class { RESTART, EXTERNAL, SUPERVISOR_CALL, PROGRAM, MACHINE_CHECK, INPUT_OUTPUT };

/* What an interruption left: the old PSW, the registers of the interrupted program, and the low-core fields. */
struct interruption {
	enum interruption_class class;
	uint16_t code;
	uint16_t length;		/* ILC times 2: the length of the instruction in bytes */
	struct psw old;
	uint64_t gr[16];
	uint64_t translation_exception;
	uint64_t monitor_code;
	uint32_t data_exception_code;
	uint16_t monitor_class;
	uint16_t cpu_address;
	uint32_t parameter;
	uint8_t exception_access;
};

extern struct interruption outcome;

/* Before an attempt, the low-core fields are filled with this byte; a field that still has it was not stored. */
#define NOT_STORED 0xee

enum program_code {
	OPERATION = 0x01,
	PRIVILEGED_OPERATION = 0x02,
	EXECUTE = 0x03,
	PROTECTION = 0x04,
	ADDRESSING = 0x05,
	SPECIFICATION = 0x06,
	DATA = 0x07,
	FIXED_POINT_OVERFLOW = 0x08,
	FIXED_POINT_DIVIDE = 0x09,
	DECIMAL_OVERFLOW = 0x0a,
	DECIMAL_DIVIDE = 0x0b,
	HFP_EXPONENT_OVERFLOW = 0x0c,
	HFP_EXPONENT_UNDERFLOW = 0x0d,
	HFP_SIGNIFICANCE = 0x0e,
	HFP_DIVIDE = 0x0f,
	SEGMENT_TRANSLATION = 0x10,
	PAGE_TRANSLATION = 0x11,
	TRANSLATION_SPECIFICATION = 0x12,
	SPECIAL_OPERATION = 0x13,
	OPERAND = 0x15,
	TRACE_TABLE = 0x16,
	DISCARD_FAULT = 0x1a,
	SPACE_SWITCH = 0x1c,
	HFP_SQUARE_ROOT = 0x1d,
	AFX_TRANSLATION = 0x20,
	ASX_TRANSLATION = 0x21,
	ASCE_TYPE = 0x38,
	REGION_FIRST_TRANSLATION = 0x39,
	REGION_SECOND_TRANSLATION = 0x3a,
	REGION_THIRD_TRANSLATION = 0x3b,
	MONITOR_EVENT = 0x40,
};

/* How the instruction ended; it decides where the old PSW points. */
enum ending { NULLIFIED, SUPPRESSED, COMPLETED };

asm(".include \"frames.inc\"");

/*
 * The instruction under test, in assembler, with whatever must follow it. It lies among the code, but apart from the
 * function that tests it; a debugger finds act() below it.
 */
#define SNIPPET(name, text)								\
	extern const char name[];							\
	asm(".pushsection .text.snippets,\"ax\"\n\t.balign 8\n" #name ":\n"		\
	    "\t.cfi_startproc\n\tattempt_frame 0x590\n\t" text			\
	    "\n\tsvc 0\n\t.cfi_endproc\n\t.popsection")
_Static_assert(ATTEMPT_STACK == 0x590, "SNIPPET");

/* General registers of the next attempt; zero again after it. */
extern uint64_t given[16];

/*
 * Bits of control register 0 that are one during the next attempt only. Low-address protection must be set this way:
 * the interruption handlers of the runtime store into old PSWs.
 */
extern uint64_t given_cr0;

/*
 * What the next attempt does about a program interruption: by default it is over (skip). A handler that has mended the
 * cause returns true, and the attempt goes on at the old PSW (retry). Forgotten after the attempt.
 */
extern bool (*recover)(const struct interruption *interruption);

/* Attempt the snippet at *at* with the PSW *mask*. */
void act(uint64_t mask, const void *at);

/* One line of the report; false counts as a failure. */
bool check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The attempt ran to its end: no interruption but SVC 0. */
bool check_completed(const char *name);

/*
 * The attempt met program interruption *code*: with the ILC *length* / 2, the old PSW where *ending* puts it, the PSW
 * mask as given and, unless the instruction completed, all registers as given. Prints all of it.
 */
bool check_program(const char *name, enum program_code code, enum ending ending, unsigned length);

/* The same for a condition met while the instruction is fetched, when the ILC says nothing. */
bool check_program_on_fetch(const char *name, enum program_code code, enum ending ending, const void *at);

/* The translation-exception identification is *expected*, as far as the facilities of the machine define it. */
bool check_teid(uint64_t expected);

/* TEID bits. */
#define TEID_FETCH		0x800
#define TEID_STORE		0x400
#define TEID_LOW_ADDRESS	0x080
#define TEID_KEY		0x008
#define TEID_DAT		0x004
#define TEID_EXECUTION		0x084
#define TEID_SECONDARY		2
#define TEID_HOME		3

bool has_facility(unsigned number);

/* A page that nobody has touched, its storage key zero. */
uint64_t fresh_page(void);

/* An address that no machine of ours has storage at. */
#define OUTSIDE 0x0000010000000000UL

/* The command line, as the loader left it. */
const char *command_line(void);
bool command_line_has(const char *word);

/* End with the disabled wait that says passed (address 0xfff) or failed (address 0), after the totals. */
void finish(void) __attribute__((noreturn));
void end(bool passed) __attribute__((noreturn));

/* Each program has one. */
void program(void);

#endif /* EXPECT_H */
