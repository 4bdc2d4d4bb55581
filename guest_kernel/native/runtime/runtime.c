/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start and end of a program, interruptions, and the verbs of expect.h. */
#include "console.h"
#include "expect.h"
#include "instructions.h"
#include "print.h"

#define COMMAND_LINE	((const char *)0x10480)
/* The first sixteen pages of the second megabyte are for programs that need certain addresses. */
#define FRESH_PAGES	0x110000UL

#define PASSED		0xfff
#define FAILED		0

extern const char restart_stub[], external_stub[], svc_stub[], program_stub[], machine_check_stub[], io_stub[];
extern const char interruption_stack_end[];
void enter_attempt(void);
void leave_attempt(void) __attribute__((noreturn));
void interruption(enum interruption_class class, const uint64_t *registers, struct psw *old);
void start_program(void);

struct interruption outcome;
uint64_t given[16], given_cr0;
bool (*recover)(const struct interruption *interruption);

static volatile bool attempting, reporting;
static struct { uint64_t mask; const char *at; uint64_t gr[16]; } attempt;
static uint64_t facilities[4];
static unsigned checks, failures, skips;

static const char *const class_names[] = { "restart", "external", "SVC", "program", "machine-check", "I/O" };

/* Interruptions */

static void record(enum interruption_class class, const uint64_t *registers, const struct psw *old)
{
	outcome.class = class;
	outcome.code = class == PROGRAM ? LOWCORE->program_code :
		       class == SUPERVISOR_CALL ? LOWCORE->svc_code :
		       class == EXTERNAL ? LOWCORE->external_code : 0;
	outcome.length = class == PROGRAM ? LOWCORE->program_length : class == SUPERVISOR_CALL ? LOWCORE->svc_length :
	0;
	outcome.old = *old;
	outcome.translation_exception = LOWCORE->translation_exception;
	outcome.monitor_code = LOWCORE->monitor_code;
	outcome.data_exception_code = LOWCORE->data_exception_code;
	outcome.monitor_class = LOWCORE->monitor_class;
	outcome.cpu_address = LOWCORE->external_cpu_address;
	outcome.parameter = LOWCORE->external_parameter;
	outcome.exception_access = LOWCORE->exception_access;
	for (int i = 0; i < 16; i++)
		outcome.gr[i] = registers[i];
}

static void describe_outcome(void)
{
	print("%s interruption %04x, old PSW %016lx %016lx", class_names[outcome.class], outcome.code, outcome.old.mask,
	      outcome.old.address);
	if (outcome.class == PROGRAM)
		print(", ILC %d, TEID %016lx", outcome.length / 2, outcome.translation_exception);
}

void interruption(enum interruption_class class, const uint64_t *registers, struct psw *old)
{
	if (class == EXTERNAL && !attempting && LOWCORE->external_code == 0x2401) {
		console_signal(LOWCORE->external_parameter);
		old->mask &= ~(PSW_WAIT | PSW_EXTERNAL);
		return;
	}
	record(class, registers, old);
	if (attempting) {
		if (class == PROGRAM && recover && recover(&outcome))
			return;
		attempting = false;
		leave_attempt();
	}
	if (reporting)
		end(false);
	reporting = true;
	/* The console takes external interruptions; they must not run on the part of the stack that is in use here. */
	LOWCORE->interruption_stack -= 4096;
	print("\nunexpected ");
	describe_outcome();
	print("\n");
	end(false);
}

/* Attempts */

void act(uint64_t mask, const void *at)
{
	uint64_t cr0 = get_cr0();

	attempt.mask = mask;
	attempt.at = at;
	for (int i = 0; i < 16; i++)
		LOWCORE->attempt_registers[i] = attempt.gr[i] = given[i];
	LOWCORE->attempt_psw.mask = mask;
	LOWCORE->attempt_psw.address = (uint64_t)at;
	for (uintptr_t address = 0x80; address < 0xc0; address++)
		*(volatile uint8_t *)address = NOT_STORED;

	attempting = true;
	set_cr0(cr0 | given_cr0);
	enter_attempt();
	set_cr0(cr0);

	recover = NULL;
	given_cr0 = 0;
	for (int i = 0; i < 16; i++)
		given[i] = 0;
}

/* Checks */

static bool report(bool holds, const char *format, va_list arguments)
{
	checks++;
	failures += !holds;
	print(holds ? "  ok    " : "  FAIL  ");
	print_list(format, arguments);
	print("\n");
	if (!holds) {
		print("        the last attempt: ");
		describe_outcome();
		print("\n");
	}
	return holds;
}

bool check(bool holds, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(holds, format, arguments);
	va_end(arguments);
	return holds;
}

void skip(const char *format, ...)
{
	va_list arguments;

	skips++;
	print("  skip  ");
	va_start(arguments, format);
	print_list(format, arguments);
	va_end(arguments);
	print("\n");
}

static void start_check(bool holds, const char *name)
{
	checks++;
	failures += !holds;
	print("%s%s: ", holds ? "  ok    " : "  FAIL  ", name);
	describe_outcome();
	print("\n");
}

bool check_completed(const char *name)
{
	bool holds = outcome.class == SUPERVISOR_CALL && outcome.code == 0;

	if (!holds) {
		start_check(false, name);
		return false;
	}
	return check(true, "%s", name);
}

static bool registers_as_given(void)
{
	for (int i = 0; i < 16; i++) {
		if (outcome.gr[i] != attempt.gr[i])
			return false;
	}
	return true;
}

bool check_program(const char *name, enum program_code code, enum ending ending, unsigned length)
{
	uint64_t address = (uint64_t)attempt.at + (ending == NULLIFIED ? 0 : length);
	uint64_t ignored = ending == COMPLETED ? PSW_CC(3) : 0;
	bool kind = outcome.class == PROGRAM && outcome.code == code && outcome.length == length;
	bool psw = outcome.old.address == address && !((outcome.old.mask ^ attempt.mask) & ~ignored);
	bool registers = ending == COMPLETED || registers_as_given();

	start_check(kind && psw && registers, name);
	if (!kind)
		print("        expected program interruption %04x, ILC %d\n", code, length / 2);
	if (kind && !psw)
		print("        expected old PSW %016lx %016lx\n", attempt.mask, address);
	if (kind && !registers)
		print("        a register was changed\n");
	return kind && psw && registers;
}

bool check_program_on_fetch(const char *name, enum program_code code, enum ending ending, const void *at)
{
	uint64_t behind = outcome.old.address - (uint64_t)at;
	bool place = ending == NULLIFIED ? !behind : behind == outcome.length;
	bool holds = outcome.class == PROGRAM && outcome.code == code && place;

	start_check(holds, name);
	if (!holds)
		print("        expected program interruption %04x for the instruction at %016lx\n", code, (uint64_t)at);
	return holds;
}

bool check_teid(uint64_t expected)
{
	uint64_t found = outcome.translation_exception, defined = ~0UL;

	if (!has_facility(FACILITY_FETCH_STORE))
		defined &= ~(uint64_t)(TEID_FETCH | TEID_STORE);
	if (outcome.code == PROTECTION && !has_facility(FACILITY_ESOP_2))
		/* Without the facility only bit 61 counts, and the rest only if it is one. */
		defined &= expected & TEID_DAT ? ~0x88UL : TEID_DAT;
	if (!((found ^ expected) & defined))
		return check(true, "    TEID %016lx", found);
	return check(false, "    TEID %016lx, of which %016lx is defined, should be %016lx", found, defined, expected);
}

bool has_facility(unsigned number)
{
	return number < 256 && facilities[number / 64] & BIT(number % 64);
}

uint64_t fresh_page(void)
{
	static uint64_t next = FRESH_PAGES;

	next += 4096;
	return next - 4096;
}

/* Start and end */

const char *command_line(void)
{
	return COMMAND_LINE;
}

bool command_line_has(const char *word)
{
	for (const char *at = COMMAND_LINE; *at;) {
		const char *letter = word;

		while (*at == ' ')
			at++;
		for (; *letter && *at == *letter; at++)
			letter++;
		if (!*letter && (!*at || *at == ' '))
			return true;
		while (*at && *at != ' ')
			at++;
	}
	return false;
}

void end(bool passed)
{
	for (;;)
		load_psw(PSW_KERNEL | PSW_WAIT, passed ? PASSED : FAILED);
}

void finish(void)
{
	print("%u checks, %u failed, %u skipped\n", checks, failures, skips);
	end(!failures);
}

void start_program(void)
{
	static const char *const stubs[] = { restart_stub, external_stub, svc_stub, program_stub, machine_check_stub,
					     io_stub };

	for (int class = RESTART; class <= INPUT_OUTPUT; class++) {
		LOWCORE->new[class].mask = PSW_KERNEL;
		LOWCORE->new[class].address = (uint64_t)stubs[class];
	}
	/* Room for the register-save area and the back chain that a called function may use. */
	LOWCORE->interruption_stack = (uint64_t)interruption_stack_end - 160;
	set_cr0(get_cr0() | CR0_AFP | CR0_SERVICE_SIGNAL);
	stfle(facilities, 4);
	console_open(command_line_has("console=line"));
	program();
	end(true);
}
