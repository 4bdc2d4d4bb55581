/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EXTRACT AND SET STORAGE ATTRIBUTES (ESSA): every request code in every state that a page can be brought to without
 * the host taking its frame away, printed as the transition table and compared with it; then the exceptions.
 *
 * The preserved states (Sp and, under KVM, Up, Pp, Vp, Pz) need a host under pressure and are not reached here.
 */
#include "expect.h"
#include "instructions.h"
#include "print.h"

#define REQUESTS	8
#define CONTENT_ZERO	0x03
#define USAGE_VOLATILE	0x0c
#define NO_DAT		0x20
#define DISCARDED	(USAGE_VOLATILE | CONTENT_ZERO)

/* GR3 receives the state, GR2 designates the page: the same for each of the 16 values of M3. */
#define ESSA_SNIPPET(request) SNIPPET(essa_##request, ".insn rrf,0xb9ab0000,%r3,%r2," #request ",0")

ESSA_SNIPPET(0);
ESSA_SNIPPET(1);
ESSA_SNIPPET(2);
ESSA_SNIPPET(3);
ESSA_SNIPPET(4);
ESSA_SNIPPET(5);
ESSA_SNIPPET(6);
ESSA_SNIPPET(7);
ESSA_SNIPPET(8);
ESSA_SNIPPET(9);
ESSA_SNIPPET(10);
ESSA_SNIPPET(11);
ESSA_SNIPPET(12);
ESSA_SNIPPET(13);
ESSA_SNIPPET(14);
ESSA_SNIPPET(15);

static const char *const essa_snippets[16] = {
	essa_0, essa_1, essa_2, essa_3, essa_4, essa_5, essa_6, essa_7,
	essa_8, essa_9, essa_10, essa_11, essa_12, essa_13, essa_14, essa_15,
};

SNIPPET(load_byte, "llgc %r3,0(%r2)");
SNIPPET(store_byte, "stc %r3,0(%r2)");
SNIPPET(compare_bytes, "clc 0(8,%r2),0(%r4)");
SNIPPET(branch, "br %r2");

/* How a fresh page is brought to a state: touched or not, and then the requests. */
struct state {
	const char *name;
	uint8_t value;
	bool touched;
	const char *requests;
};

static const struct state states[] = {
	{ "Sr", 0x00, true, "" },
	{ "Sz", 0x03, false, "31" },
	{ "Ur", 0x04, true, "2" },
	{ "Uz", 0x07, false, "2" },
	{ "Pr", 0x08, true, "4" },
	{ "Vr", 0x0c, true, "3" },
	{ "Vz", 0x0f, false, "3" },
	{ "Sr+NT", 0x20, true, "7" },
	{ "Sz+NT", 0x23, false, "37" },
	{ "Ur+NT", 0x24, true, "72" },
	{ "Uz+NT", 0x27, false, "72" },
	{ "Pr+NT", 0x28, true, "74" },
	{ "Vr+NT", 0x2c, true, "73" },
	{ "Vz+NT", 0x2f, false, "73" },
};

#define PLAIN_STATES	7
#define STATES		(sizeof(states) / sizeof(states[0]))

/*
 * The expected states after requests 0 to 7, a row for each of the first seven states. No-DAT has a rule instead of
 * rows: cleared by request 1, set by request 7, kept by the others.
 */
static const char architected[PLAIN_STATES][REQUESTS][3] = {
	{ "Sr", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Sz", "Sz", "Uz", "Vz", "Vz", "Sr", "Sz", "Sz" },
	{ "Ur", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Uz", "Sz", "Uz", "Vz", "Vz", "Sr", "Sz", "Sz" },
	{ "Pr", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Vr", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Vz", "Sz", "Uz", "Vz", "Vz", "Sr", "Vz", "Sz" },
};

static const char kvm[PLAIN_STATES][REQUESTS][3] = {
	{ "Sr", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Sz", "Sz", "Uz", "Vz", "Vz", "Sz", "Sz", "Sz" },
	{ "Ur", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Uz", "Sz", "Uz", "Vz", "Vz", "Sz", "Uz", "Sz" },
	{ "Pr", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Vr", "Sr", "Ur", "Vr", "Pr", "Sr", "Sr", "Sr" },
	{ "Vz", "Sz", "Uz", "Vz", "Vz", "Sz", "Vz", "Sz" },
};

static bool delivers_faults;
static bool has_no_dat;

static void print_state(unsigned value)
{
	print("%c%c%s", "SUPV"[value >> 2 & 3], "r?pz"[value & 3], value & NO_DAT ? "+NT" : "");
}

static unsigned value_of(const char *name)
{
	unsigned value = 0;

	while (states[value].name[0] != name[0] || states[value].name[1] != name[1])
		value++;
	return states[value].value;
}

static unsigned expected_after(unsigned row, unsigned request)
{
	const struct state *plain = &states[row % PLAIN_STATES];
	const char *name = (delivers_faults ? architected : kvm)[plain - states][request];
	unsigned no_dat = request == 1 ? 0 : request == 7 ? NO_DAT : states[row].value & NO_DAT;

	return value_of(name) | no_dat;
}

static void request_by_digit(char digit, uint64_t page)
{
	given[2] = page;
	act(PSW_KERNEL, essa_snippets[digit - '0']);
}

/* A fresh page in state *state*. */
static uint64_t page_in(const struct state *state)
{
	uint64_t page = fresh_page();

	if (state->touched)
		*(volatile uint64_t *)page = page;
	for (const char *digit = state->requests; *digit; digit++)
		request_by_digit(*digit, page);
	return page;
}

static unsigned state_of(uint64_t page)
{
	return essa(0, page);
}

/*
 * One cell. Besides the two states, the whole of R1, the condition code and the storage key are looked at; key and
 * condition code differ from cell to cell, so that every combination of R and C comes up.
 */
static bool cell(unsigned row, unsigned request, unsigned *after)
{
	uint64_t page = page_in(&states[row]);
	unsigned key = 0x30 | (request & 3) << 1;
	unsigned cc = (row + request) & 3;
	bool holds;

	sske(page, key);
	given[2] = page;
	given[3] = ~0UL;
	act(PSW_KERNEL | PSW_CC(cc), essa_snippets[request]);
	holds = outcome.class == SUPERVISOR_CALL && outcome.gr[3] == states[row].value &&
		(outcome.old.mask & PSW_CC(3)) == PSW_CC(cc) && iske(page) == key;
	*after = state_of(page);
	return holds && *after == expected_after(row, request);
}

/* Prints one row; gives a bit for each request whose cell is wrong. */
static unsigned print_row(unsigned row)
{
	unsigned wrong = 0;

	print("| %-5s 0x%02x |", states[row].name, states[row].value);
	for (unsigned request = 0; request < REQUESTS; request++) {
		unsigned after;

		if (request == 7 && !has_no_dat) {
			print(" -     |");
			continue;
		}
		if (!cell(row, request, &after))
			wrong |= 1 << request;
		print(" ");
		print_state(after);
		print("%s |", after & NO_DAT ? "" : "   ");
	}
	print("\n");
	return wrong;
}

static void print_table(void)
{
	unsigned rows = has_no_dat ? STATES : PLAIN_STATES, wrong[STATES];

	print("ESSA, %s profile. Rows: state before, as returned; columns: operation request code.\n",
	      delivers_faults ? "z/VM" : "KVM");
	print("| before     | 0 get | 1 S   | 2 U   | 3 V   | 4 P   | 5 S+r | 6 S-d | 7 NT  |\n");
	print("|------------|-------|-------|-------|-------|-------|-------|-------|-------|\n");
	for (unsigned row = 0; row < rows; row++)
		wrong[row] = print_row(row);
	for (unsigned row = 0; row < rows; row++) {
		check(!wrong[row], "%s: state returned, state after, condition code and key", states[row].name);
		for (unsigned request = 0; request < REQUESTS; request++) {
			if (wrong[row] & 1 << request) {
				print("        request %u should lead to ", request);
				print_state(expected_after(row, request));
				print(" and leave condition code and key alone\n");
			}
		}
	}
}

static void check_operands(void)
{
	uint64_t page = page_in(&states[0]);

	print("Operands\n");
	given[2] = page + 0x123;
	act(PSW_KERNEL, essa_3);
	check(outcome.class == SUPERVISOR_CALL && state_of(page) == USAGE_VOLATILE,
	      "bits 52-63 of the address are ignored");
	check(*(volatile uint64_t *)page == page, "a volatile resident page has its content");
	essa(6, page);
	check(state_of(page) == 0 && *(volatile uint64_t *)page == page, "and still has it when it is stable again");

	page = page_in(&states[6]);
	essa(1, page);
	given[2] = page;
	act(PSW_KERNEL, load_byte);
	check(outcome.class == SUPERVISOR_CALL && outcome.gr[3] == 0,
	      "a discarded page that was made stable reads as zeros");
	check(state_of(page) == 0, "and is resident then");
}

static void check_exceptions(void)
{
	unsigned refused = 0, tried = 0;

	print("Exceptions\n");
	for (unsigned row = 0; row < (has_no_dat ? STATES : PLAIN_STATES); row++) {
		uint64_t page = page_in(&states[row]);

		for (unsigned request = has_no_dat ? 8 : 7; request < 16; request++, tried++) {
			given[2] = page;
			given[3] = 0x123;
			act(PSW_KERNEL, essa_snippets[request]);
			refused += outcome.class == PROGRAM && outcome.code == SPECIFICATION &&
			outcome.gr[3] == 0x123 &&
				   outcome.old.address == (uint64_t)essa_snippets[request] + 4 &&
				   state_of(page) == states[row].value;
		}
	}
	check(refused == tried, "%u of %u undefined requests in all states: specification exception, nothing changed",
	      refused, tried);

	given[2] = fresh_page();
	act(PSW_KERNEL, essa_8);
	check_program("request 8", SPECIFICATION, SUPPRESSED, 4);
	given[2] = fresh_page();
	act(PSW_KERNEL | PSW_PROBLEM, essa_0);
	check_program("problem state", PRIVILEGED_OPERATION, SUPPRESSED, 4);
	given[2] = fresh_page();
	act(PSW_KERNEL | PSW_PROBLEM, essa_8);
	check_program("problem state and request 8", PRIVILEGED_OPERATION, SUPPRESSED, 4);
	given[2] = OUTSIDE;
	act(PSW_KERNEL, essa_0);
	check_program("address outside storage", ADDRESSING, SUPPRESSED, 4);
	given[2] = OUTSIDE;
	act(PSW_KERNEL, essa_8);
	check_program("address outside storage and request 8", SPECIFICATION, SUPPRESSED, 4);
}

/* The TEID of a discard fault holds the absolute address of the page; its last 12 bits are not known. */
static void check_discarded_page(uint64_t page)
{
	check((outcome.translation_exception & ~0xfffUL) == page, "    TEID %016lx, page %016lx",
	      outcome.translation_exception, page);
	check(state_of(page) == DISCARDED, "    the page stays discarded");
}

static bool make_stable(const struct interruption *interruption)
{
	if (interruption->code != DISCARD_FAULT)
		return false;
	essa(1, interruption->translation_exception & ~0xfffUL);
	return true;
}

static void check_discard_faults(void)
{
	static uint64_t stable;
	uint64_t page = page_in(&states[6]);

	print("Touching a discarded page\n");
	given[2] = page + 0x234;
	act(PSW_KERNEL, load_byte);
	check_program("load", DISCARD_FAULT, NULLIFIED, 6);
	check_discarded_page(page);
	given[2] = page + 0x234;
	act(PSW_KERNEL, store_byte);
	check_program("store", DISCARD_FAULT, NULLIFIED, 4);
	check_discarded_page(page);
	given[2] = (uint64_t)&stable;
	given[4] = page + 0xff8;
	act(PSW_KERNEL, compare_bytes);
	check_program("second operand of a comparison", DISCARD_FAULT, NULLIFIED, 6);
	check_discarded_page(page);
	given[2] = page;
	act(PSW_KERNEL, branch);
	check_program_on_fetch("instruction fetch", DISCARD_FAULT, NULLIFIED, (const void *)page);
	check_discarded_page(page);
	check(iske(page) == 0, "    no reference was recorded");

	given[2] = page;
	recover = make_stable;
	act(PSW_KERNEL, load_byte);
	check(outcome.class == SUPERVISOR_CALL && outcome.gr[3] == 0 && state_of(page) == 0,
	      "load, made stable by the handler, and retried");

	print("Touching an unused page\n");
	for (unsigned row = 2; row <= 3; row++) {
		page = page_in(&states[row]);
		given[2] = page;
		act(PSW_KERNEL, load_byte);
		check_program(row == 2 ? "load, Ur" : "load, Uz", ADDRESSING, SUPPRESSED, 6);
		given[2] = page;
		act(PSW_KERNEL, store_byte);
		check_program(row == 2 ? "store, Ur" : "store, Uz", ADDRESSING, SUPPRESSED, 4);
		check(state_of(page) == states[row].value, "    the page stays %s", states[row].name);
	}
}

static void check_no_faults(void)
{
	print("Touching discarded and unused pages: KVM supplies zeros and faults never\n");
	for (unsigned row = 3; row <= 6; row += 3) {
		uint64_t page = page_in(&states[row]);

		given[2] = page;
		act(PSW_KERNEL, load_byte);
		check(outcome.class == SUPERVISOR_CALL && outcome.gr[3] == 0, "load, %s", states[row].name);
	}
}

void program(void)
{
	uint64_t page = fresh_page();

	given[2] = page;
	act(PSW_KERNEL, essa_0);
	if (outcome.class == PROGRAM && outcome.code == OPERATION) {
		check_program("ESSA is not available on this machine", OPERATION, SUPPRESSED, 4);
		skip("everything else");
		finish();
	}
	/* KVM cannot tell a page that never existed from one on the paging device. */
	check(outcome.class == SUPERVISOR_CALL && (outcome.gr[3] == 0x03 || outcome.gr[3] == 0x02),
	      "a fresh page is stable and not resident: %02lx", outcome.gr[3]);

	has_no_dat = has_facility(FACILITY_ESSA_NO_TRANSLATE);
	essa(3, page);
	given[2] = page;
	act(PSW_KERNEL, load_byte);
	delivers_faults = outcome.class == PROGRAM;

	print_table();
	check_operands();
	check_exceptions();
	if (delivers_faults)
		check_discard_faults();
	else
		check_no_faults();
	finish();
}
