/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every interruption that a program can bring about: for each the code, the old PSW, the instruction-length code and
 * the other fields of the low core, as chapter 6 of the Principles of Operation has them.
 */
#include "expect.h"
#include "instructions.h"
#include "print.h"

/* An instruction that this machine leaves out is an operation exception; what it would raise cannot be seen then. */
static bool missing(const char *name)
{
	if (outcome.class != PROGRAM || outcome.code != OPERATION)
		return false;
	skip("%s: the machine does not have the instruction", name);
	return true;
}

static void check_if_there(const char *name, enum program_code code, enum ending ending, unsigned length)
{
	if (!missing(name))
		check_program(name, code, ending, length);
}

SNIPPET(load, "lg %r3,0(%r2)");
SNIPPET(store, "stg %r3,0(%r2)");
SNIPPET(store_byte, "stc %r3,0(%r2)");
SNIPPET(branch, "br %r2");
SNIPPET(nothing, "nopr");

/* Operation, privileged operation, execute */

SNIPPET(undefined_2, ".short 0x0000");
SNIPPET(undefined_4, ".long 0xb2fe0000");
SNIPPET(undefined_6, ".long 0xe3000000\n\t.short 0x00ff");
SNIPPET(iske_instruction, "iske %r3,%r2");
SNIPPET(lctlg_instruction, "lctlg %c0,%c0,0(%r2)");
SNIPPET(ssm, "ssm 0(%r2)");
SNIPPET(execute, "ex %r0,0(%r2)");
SNIPPET(execute_relative, "exrl %r0,execute_relative");
SNIPPET(execute_privileged, "ex %r0,0(%r2)");

static void check_operations(void)
{
	print("Operation, privileged operation, execute\n");
	act(PSW_KERNEL, undefined_2);
	check_program("undefined instruction of 2 bytes", OPERATION, SUPPRESSED, 2);
	act(PSW_KERNEL, undefined_4);
	check_program("undefined instruction of 4 bytes", OPERATION, SUPPRESSED, 4);
	act(PSW_KERNEL | PSW_PROBLEM | PSW_CC(2), undefined_6);
	check_program("undefined instruction of 6 bytes, problem state", OPERATION, SUPPRESSED, 6);
	act(PSW_KERNEL | PSW_PROBLEM, iske_instruction);
	check_program("ISKE, problem state", PRIVILEGED_OPERATION, SUPPRESSED, 4);
	act(PSW_KERNEL | PSW_PROBLEM | PSW_CC(1), lctlg_instruction);
	check_program("LCTLG, problem state", PRIVILEGED_OPERATION, SUPPRESSED, 6);
	given[2] = (uint64_t)execute;
	act(PSW_KERNEL, execute);
	check_program("EXECUTE of EXECUTE", EXECUTE, SUPPRESSED, 4);
	act(PSW_KERNEL, execute_relative);
	check_program("EXECUTE RELATIVE LONG of itself", EXECUTE, SUPPRESSED, 6);
	given[2] = (uint64_t)lctlg_instruction;
	act(PSW_KERNEL | PSW_PROBLEM, execute_privileged);
	check_program("EXECUTE of LCTLG, problem state: the length is that of EXECUTE", PRIVILEGED_OPERATION,
		      SUPPRESSED, 4);
}

/* Protection and addressing without DAT */

static void check_storage(void)
{
	uint64_t page = fresh_page();

	print("Protection and addressing\n");
	for (unsigned i = 0; i < 4; i++) {
		static const uint16_t addresses[] = { 0x000, 0x1ff, 0x1000, 0x11ff };

		given[2] = addresses[i];
		given_cr0 = CR0_LOW_ADDRESS;
		act(PSW_KERNEL, store_byte);
		check_program("low-address protection", PROTECTION, SUPPRESSED, 4);
		check_teid((addresses[i] & ~0xfffUL) | TEID_STORE | TEID_LOW_ADDRESS);
	}
	given[2] = 0x200;
	given_cr0 = CR0_LOW_ADDRESS;
	act(PSW_KERNEL, store_byte);
	check_completed("no low-address protection at location 200");
	given[2] = 0x1200;
	given_cr0 = CR0_LOW_ADDRESS;
	act(PSW_KERNEL, store_byte);
	check_completed("nor at location 1200");
	given[2] = 0x1f8;
	given_cr0 = CR0_LOW_ADDRESS;
	act(PSW_KERNEL, load);
	check_completed("nor of fetches");

	sske(page, 0x58);
	given[2] = page + 0x10;
	act(PSW_KERNEL | PSW_KEY(2), store);
	check_program("key-controlled protection, store", PROTECTION, SUPPRESSED, 6);
	check_teid(page | TEID_STORE | TEID_KEY);
	given[2] = page + 0x10;
	act(PSW_KERNEL | PSW_KEY(2), load);
	check_program("key-controlled protection, fetch", PROTECTION, SUPPRESSED, 6);
	check_teid(page | TEID_FETCH | TEID_KEY);

	given[2] = OUTSIDE;
	act(PSW_KERNEL, load);
	check_program("fetch outside storage", ADDRESSING, SUPPRESSED, 6);
	given[2] = OUTSIDE;
	act(PSW_KERNEL, store_byte);
	check_program("store outside storage", ADDRESSING, SUPPRESSED, 4);
	given[2] = OUTSIDE;
	act(PSW_KERNEL, branch);
	check_program_on_fetch("instruction fetch outside storage", ADDRESSING, SUPPRESSED, (const void *)OUTSIDE);
}

/* Specification, and the PSWs that give it early */

SNIPPET(divide_odd, ".insn rr,0x1d00,%r3,%r2");
SNIPPET(lpswe, "lpswe 0(%r2)");
SNIPPET(svc_1, "svc 1");

/* A PSW that is refused as soon as it is loaded: it is the old PSW as it stands, and the ILC is zero. */
static void check_early(const char *name, uint64_t mask, uint64_t address)
{
	static struct psw psw __attribute__((aligned(8)));

	psw = (struct psw) { mask, address };
	given[2] = (uint64_t)&psw;
	act(PSW_KERNEL, lpswe);
	check(outcome.class == PROGRAM && outcome.code == SPECIFICATION && outcome.old.mask == mask &&
	      outcome.old.address == address && outcome.length == 0,
	      "LPSWE, %s: program interruption %04x, old PSW %016lx %016lx, ILC %u", name, outcome.code,
	      outcome.old.mask, outcome.old.address, outcome.length / 2);
}

static void check_specification(void)
{
	static const uint64_t aligned[3] __attribute__((aligned(16)));
	static const uint8_t bit_2 = 0x20;

	print("Specification\n");
	act(PSW_KERNEL, divide_odd);
	check_program("odd register of a pair", SPECIFICATION, SUPPRESSED, 2);
	given[2] = (uint64_t)aligned + 4;
	act(PSW_KERNEL, lpswe);
	check_program("LPSWE, operand not on a doubleword", SPECIFICATION, SUPPRESSED, 4);
	given[2] = (uint64_t)branch + 1;
	act(PSW_KERNEL, branch);
	check_program_on_fetch("odd instruction address", SPECIFICATION, SUPPRESSED, branch + 1);

	check_early("bit 0 one", PSW_64 | BIT(0), 0x1000);
	check_early("bit 2 one", PSW_64 | BIT(2), 0x1000);
	check_early("bit 12 one", PSW_64 | BIT(12), 0x1000);
	check_early("bit 24 one", PSW_64 | BIT(24), 0x1000);
	check_early("bit 63 one", PSW_64 | BIT(63), 0x1000);
	check_early("extended without basic addressing", BIT(31), 0x1000);
	check_early("31-bit mode, address too large", PSW_31, 0x80000000);
	check_early("24-bit mode, address too large", 0, 0x01000000);
	check_early("wait state and bit 2 one", PSW_64 | PSW_WAIT | BIT(2), 0x1000);

	given[2] = (uint64_t)&bit_2;
	act(PSW_KERNEL, ssm);
	check(outcome.class == PROGRAM && outcome.code == SPECIFICATION && outcome.old.mask == (PSW_KERNEL | BIT(2)) &&
	      outcome.old.address == (uint64_t)ssm + 4 && outcome.length == 4,
	      "SSM, bit 2 one: program interruption %04x, old PSW %016lx %016lx, ILC %u", outcome.code,
	      outcome.old.mask,
	      outcome.old.address, outcome.length / 2);

	LOWCORE->new[SUPERVISOR_CALL].mask |= BIT(2);
	act(PSW_KERNEL, svc_1);
	LOWCORE->new[SUPERVISOR_CALL].mask &= ~BIT(2);
	check(outcome.class == PROGRAM && outcome.code == SPECIFICATION && outcome.length == 0 &&
	      outcome.old.mask == (PSW_KERNEL | BIT(2)) &&
	      outcome.old.address == LOWCORE->new[SUPERVISOR_CALL].address &&
	      LOWCORE->old[SUPERVISOR_CALL].address == (uint64_t)svc_1 + 2,
	      "new PSW of an SVC interruption, bit 2 one: program interruption %04x, old PSW %016lx %016lx, ILC %u",
	      outcome.code, outcome.old.mask, outcome.old.address, outcome.length / 2);
}

/* Data */

SNIPPET(add_decimal, "ap 0(4,%r2),0(2,%r4)");
SNIPPET(load_f1, "ldr %f1,%f3");
SNIPPET(add_bfp, "adbr %f0,%f2");
SNIPPET(add_dfp, ".insn rrf,0xb3d20000,%f0,%f2,%f4,0");
SNIPPET(root_bfp, "sqdbr %f0,%f2");
SNIPPET(divide_bfp, "ddbr %f0,%f2");
SNIPPET(multiply_bfp, "mdbr %f0,%f2");
SNIPPET(compare_and_trap, "cgit %r2,0,8");

static void check_dxc(unsigned expected)
{
	check(outcome.data_exception_code == expected, "    data-exception code %08x", outcome.data_exception_code);
}

static void load_operands(uint64_t f0, uint64_t f2)
{
	asm volatile("ld %%f0,%0\n\tld %%f2,%1" : : "Q" (f0), "Q" (f2));
}

static void set_fpc(uint32_t fpc)
{
	asm volatile("lfpc %0" : : "Q" (fpc));
}

static uint32_t get_fpc(void)
{
	uint32_t fpc;

	asm volatile("stfpc %0" : "=Q" (fpc));
	return fpc;
}

/* An IEEE exception that traps: mask bit and flag have the same place in FPC bytes 0 and 2 (as the DXC). */
static void check_ieee(const char *name, const void *snippet, uint64_t f0, uint64_t f2, unsigned mask, unsigned dxc,
		       enum ending ending)
{
	load_operands(f0, f2);
	set_fpc(mask << 24);
	act(PSW_KERNEL, snippet);
	check_program(name, DATA, ending, 4);
	check(outcome.data_exception_code == dxc && (get_fpc() >> 8 & 0xff) == dxc,
	      "    data-exception code %08x, FPC register %08x", outcome.data_exception_code, get_fpc());
	set_fpc(0);
}

static void check_data(void)
{
	static uint32_t packed = 0x0000001c;
	static const uint16_t no_digit = 0x0a1c, no_sign = 0x0011;
	uint64_t cr0 = get_cr0();

	print("Data\n");
	given[2] = (uint64_t)&packed;
	given[4] = (uint64_t)&no_digit;
	act(PSW_KERNEL, add_decimal);
	check_program("decimal: invalid digit", DATA, SUPPRESSED, 6);
	check_dxc(0);
	given[2] = (uint64_t)&packed;
	given[4] = (uint64_t)&no_sign;
	act(PSW_KERNEL, add_decimal);
	check_program("decimal: invalid sign", DATA, SUPPRESSED, 6);
	check_dxc(0);

	set_cr0(cr0 & ~CR0_AFP);
	act(PSW_KERNEL, load_f1);
	check_program("AFP register", DATA, SUPPRESSED, 2);
	check_dxc(1);
	act(PSW_KERNEL, add_bfp);
	check_program("BFP instruction", DATA, SUPPRESSED, 4);
	check_dxc(2);
	act(PSW_KERNEL, add_dfp);
	if (!missing("DFP instruction")) {
		check_program("DFP instruction", DATA, SUPPRESSED, 4);
		check_dxc(3);
	}
	set_cr0(cr0);

	check_ieee("IEEE invalid operation", root_bfp, 0, 0xbff0000000000000, 0x80, 0x80, SUPPRESSED);
	check_ieee("IEEE division by zero", divide_bfp, 0x3ff0000000000000, 0, 0x40, 0x40, SUPPRESSED);
	check_ieee("IEEE overflow, exact", multiply_bfp, 0x7fe0000000000000, 0x4000000000000000, 0x20, 0x20, COMPLETED);
	check_ieee("IEEE underflow, exact", multiply_bfp, 0x0010000000000000, 0x3fe0000000000000, 0x10, 0x10,
		   COMPLETED);
	check_ieee("IEEE inexact, truncated", divide_bfp, 0x3ff0000000000000, 0x4008000000000000, 0x08, 0x08,
		   COMPLETED);
	act(PSW_KERNEL, compare_and_trap);
	check_program("compare and trap", DATA, COMPLETED, 6);
	check_dxc(0xff);
}

/* Arithmetic */

SNIPPET(add, "ar %r3,%r2");
SNIPPET(divide, "dr %r4,%r2");
SNIPPET(divide_logical, "dlgr %r4,%r2");
SNIPPET(convert_to_binary, "cvb %r3,0(%r2)");
SNIPPET(divide_decimal, "dp 0(4,%r2),0(1,%r4)");
SNIPPET(add_decimal_1, "ap 0(1,%r2),0(1,%r4)");
SNIPPET(multiply_hfp, "mdr %f0,%f2");
SNIPPET(add_hfp, "adr %f0,%f2");
SNIPPET(divide_hfp, "ddr %f0,%f2");
SNIPPET(root_hfp, "sqdr %f0,%f2");

#define MASK_FIXED		8
#define MASK_DECIMAL		4
#define MASK_UNDERFLOW		2
#define MASK_SIGNIFICANCE	1

static void check_arithmetic(void)
{
	static const uint64_t large __attribute__((aligned(8))) = 0x000002147483648c;
	static const uint8_t nine = 0x9c, zero = 0x0c;
	static uint8_t sum;
	static uint32_t dividend = 0x0000123c;

	print("Arithmetic\n");
	given[2] = 1;
	given[3] = 0x7fffffff;
	act(PSW_KERNEL | PSW_PROGRAM_MASK(MASK_FIXED), add);
	check_program("fixed-point overflow", FIXED_POINT_OVERFLOW, COMPLETED, 2);
	check(outcome.gr[3] == 0x80000000 && (outcome.old.mask & PSW_CC(3)) == PSW_CC(3),
	      "    with the sum stored and condition code 3");
	given[2] = 1;
	given[3] = 0x7fffffff;
	act(PSW_KERNEL, add);
	check_completed("masked fixed-point overflow");

	given[5] = 1;
	act(PSW_KERNEL, divide);
	check_program("fixed-point divide, DR by zero", FIXED_POINT_DIVIDE, SUPPRESSED, 2);
	given[4] = 2;
	given[2] = 2;
	act(PSW_KERNEL, divide_logical);
	check_program("fixed-point divide, DLGR with too large a quotient", FIXED_POINT_DIVIDE, SUPPRESSED, 4);
	given[2] = (uint64_t)&large;
	act(PSW_KERNEL, convert_to_binary);
	check_if_there("fixed-point divide, CVB of 2147483648", FIXED_POINT_DIVIDE, COMPLETED, 4);

	sum = nine;
	given[2] = (uint64_t)&sum;
	given[4] = (uint64_t)&nine;
	act(PSW_KERNEL | PSW_PROGRAM_MASK(MASK_DECIMAL), add_decimal_1);
	check_if_there("decimal overflow", DECIMAL_OVERFLOW, COMPLETED, 6);
	given[2] = (uint64_t)&dividend;
	given[4] = (uint64_t)&zero;
	act(PSW_KERNEL, divide_decimal);
	check_if_there("decimal divide", DECIMAL_DIVIDE, SUPPRESSED, 6);

	load_operands(0x7f10000000000000, 0x7f10000000000000);
	act(PSW_KERNEL, multiply_hfp);
	check_if_there("HFP exponent overflow", HFP_EXPONENT_OVERFLOW, COMPLETED, 2);
	load_operands(0x0010000000000000, 0x0010000000000000);
	act(PSW_KERNEL | PSW_PROGRAM_MASK(MASK_UNDERFLOW), multiply_hfp);
	check_if_there("HFP exponent underflow", HFP_EXPONENT_UNDERFLOW, COMPLETED, 2);
	load_operands(0x4110000000000000, 0xc110000000000000);
	act(PSW_KERNEL | PSW_PROGRAM_MASK(MASK_SIGNIFICANCE), add_hfp);
	check_if_there("HFP significance", HFP_SIGNIFICANCE, COMPLETED, 2);
	load_operands(0x4110000000000000, 0);
	act(PSW_KERNEL, divide_hfp);
	check_if_there("HFP divide", HFP_DIVIDE, SUPPRESSED, 2);
	load_operands(0, 0xc110000000000000);
	act(PSW_KERNEL, root_hfp);
	check_if_there("HFP square root", HFP_SQUARE_ROOT, SUPPRESSED, 4);
}

/*
 * Dynamic address translation
 *
 * Four levels of tables, 512 entries each, that map the first two megabytes to themselves, save for the first pages of
 * the second, in which every kind of page-table entry stands once.
 */

#define TABLE_ENTRIES		512
#define REGION_FIRST		0x0c
#define REGION_SECOND		0x08
#define REGION_THIRD		0x04
#define ENTRY_INVALID		0x20
#define PAGE_INVALID		0x400
#define PAGE_PROTECTED		0x200
#define PAGE_NO_EXECUTE		0x100
#define PAGE_MUST_BE_ZERO	0x800
#define SPACE_SWITCH_EVENT	0x40

#define SEGMENT			0x100000UL
#define VALID_PAGE		(SEGMENT + 0x0000)
#define INVALID_PAGE		(SEGMENT + 0x1000)
#define PROTECTED_PAGE		(SEGMENT + 0x2000)
#define MALFORMED_PAGE		(SEGMENT + 0x3000)
#define NO_EXECUTE_PAGE		(SEGMENT + 0x4000)
#define INVALID_SEGMENT		(2 * SEGMENT)
#define MALFORMED_SEGMENT	(3 * SEGMENT)
#define SEGMENT_BEYOND_TABLE	(TABLE_ENTRIES * SEGMENT)
#define REGION_THIRD_1		(1UL << 31)
#define REGION_SECOND_1		(1UL << 42)
#define REGION_FIRST_1		(1UL << 53)
#define REGION_FIRST_2		(2UL << 53)

static uint64_t region_first[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint64_t region_second[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint64_t region_third[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint64_t segments[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint64_t pages[2][256] __attribute__((aligned(4096)));
static uint64_t empty_segments[TABLE_ENTRIES] __attribute__((aligned(4096)));

static void make_tables(void)
{
	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		region_first[i] = REGION_FIRST | ENTRY_INVALID;
		region_second[i] = REGION_SECOND | ENTRY_INVALID;
		region_third[i] = REGION_THIRD | ENTRY_INVALID;
		segments[i] = empty_segments[i] = ENTRY_INVALID;
		pages[i / 256][i % 256] = i * 4096UL;
	}
	region_first[0] = (uint64_t)region_second | REGION_FIRST;
	region_first[2] = (uint64_t)region_second | REGION_SECOND;
	region_second[0] = (uint64_t)region_third | REGION_SECOND;
	region_third[0] = (uint64_t)segments | REGION_THIRD;
	segments[0] = (uint64_t)pages[0];
	segments[1] = (uint64_t)pages[1];
	segments[3] = (uint64_t)pages[1] | REGION_THIRD;
	pages[1][1] |= PAGE_INVALID;
	pages[1][2] |= PAGE_PROTECTED;
	pages[1][3] |= PAGE_MUST_BE_ZERO;
	pages[1][4] |= PAGE_NO_EXECUTE;
}

static void check_translation(const char *name, enum program_code code, uint64_t address)
{
	given[2] = address + 0x238;
	act(PSW_KERNEL | PSW_DAT, load);
	check_program(name, code, NULLIFIED, 6);
	check_teid(address | TEID_FETCH);
}

static void check_dat(void)
{
	uint64_t all_levels = (uint64_t)region_first | REGION_FIRST, cr0 = get_cr0(), cr1 = get_cr1(), cr7 = get_cr7();
	uint64_t cr13 = get_cr13();

	print("Dynamic address translation\n");
	make_tables();
	set_cr1(all_levels);
	given[2] = VALID_PAGE;
	act(PSW_KERNEL | PSW_DAT, load);
	check_completed("all four levels translate");
	check_translation("region first", REGION_FIRST_TRANSLATION, REGION_FIRST_1);
	check_translation("region second", REGION_SECOND_TRANSLATION, REGION_SECOND_1);
	check_translation("region third", REGION_THIRD_TRANSLATION, REGION_THIRD_1);
	check_translation("segment invalid", SEGMENT_TRANSLATION, INVALID_SEGMENT);
	check_translation("segment beyond the table", SEGMENT_TRANSLATION, SEGMENT_BEYOND_TABLE);
	check_translation("page invalid", PAGE_TRANSLATION, INVALID_PAGE);
	given[2] = INVALID_PAGE;
	act(PSW_KERNEL | PSW_DAT | PSW_PROBLEM, store);
	check_program("page invalid, store in the problem state", PAGE_TRANSLATION, NULLIFIED, 6);
	check_teid(INVALID_PAGE | TEID_STORE);
	given[2] = INVALID_PAGE - 4;
	act(PSW_KERNEL | PSW_DAT, store);
	check_program("page invalid, store into it from the page before", PAGE_TRANSLATION, NULLIFIED, 6);
	check_teid(INVALID_PAGE | TEID_STORE);
	given[2] = INVALID_PAGE;
	act(PSW_KERNEL | PSW_DAT, branch);
	check_program_on_fetch("page invalid, instruction fetch", PAGE_TRANSLATION, NULLIFIED,
			       (const void *)INVALID_PAGE);
	check_teid(INVALID_PAGE | TEID_FETCH);

	given[2] = MALFORMED_PAGE;
	act(PSW_KERNEL | PSW_DAT, load);
	check_program("page-table entry with bit 52 one", TRANSLATION_SPECIFICATION, SUPPRESSED, 6);
	given[2] = MALFORMED_SEGMENT;
	act(PSW_KERNEL | PSW_DAT, load);
	check_program("segment-table entry of the wrong type", TRANSLATION_SPECIFICATION, SUPPRESSED, 6);
	given[2] = REGION_FIRST_2;
	act(PSW_KERNEL | PSW_DAT, load);
	check_program("region-table entry of the wrong type", TRANSLATION_SPECIFICATION, SUPPRESSED, 6);

	given[2] = PROTECTED_PAGE;
	act(PSW_KERNEL | PSW_DAT, load);
	check_completed("fetch from a DAT-protected page");
	given[2] = PROTECTED_PAGE + 0x100;
	act(PSW_KERNEL | PSW_DAT, store);
	check_program("DAT protection", PROTECTION, SUPPRESSED, 6);
	check_teid(PROTECTED_PAGE | TEID_STORE | TEID_DAT);

	if (has_facility(FACILITY_EXECUTION_PROTECTION)) {
		set_cr0(cr0 | CR0_EXECUTION);
		given[2] = NO_EXECUTE_PAGE;
		act(PSW_KERNEL | PSW_DAT, load);
		check_completed("fetch of data from a no-execute page");
		given[2] = NO_EXECUTE_PAGE;
		act(PSW_KERNEL | PSW_DAT, branch);
		check_program_on_fetch("instruction-execution protection", PROTECTION, SUPPRESSED,
				       (const void *)NO_EXECUTE_PAGE);
		check((outcome.translation_exception & (~0xfffUL | TEID_EXECUTION)) ==
		      (NO_EXECUTE_PAGE | TEID_EXECUTION),
		      "    TEID %016lx", outcome.translation_exception);
		set_cr0(cr0);
	} else {
		skip("instruction-execution protection is not installed");
	}

	/* The secondary space is empty, but instructions come from the primary space; the home space has them too. */
	set_cr7((uint64_t)empty_segments);
	set_cr13((uint64_t)segments);
	given[2] = VALID_PAGE;
	act(PSW_KERNEL | PSW_DAT | PSW_SECONDARY, load);
	check_program("secondary space", SEGMENT_TRANSLATION, NULLIFIED, 6);
	check_teid(VALID_PAGE | TEID_FETCH | TEID_SECONDARY);
	given[2] = INVALID_PAGE;
	act(PSW_KERNEL | PSW_DAT | PSW_HOME, load);
	check_program("home space", PAGE_TRANSLATION, NULLIFIED, 6);
	check_teid(INVALID_PAGE | TEID_FETCH | TEID_HOME);

	set_cr1((uint64_t)segments);
	check_translation("ASCE type, segment table and an address beyond 2 GB", ASCE_TYPE, REGION_THIRD_1);
	set_cr1(cr1);
	set_cr7(cr7);
	set_cr13(cr13);
}

/* Special operation, operand, trace table, monitor event, space-switch event, ASN translation, discard fault */

SNIPPET(sac_secondary, "sac 256");
SNIPPET(sac_home, "sac 768");
SNIPPET(start_subchannel, "ssch 0(%r2)");
SNIPPET(trace, "trace %r4,%r5,0(%r2)");
SNIPPET(monitor_call, "mc 0x123(%r2),3");
SNIPPET(set_secondary_asn, "ssar %r2");

#define CR8_MONITOR_CLASS(class)	BIT(48 + (class))
#define CR12_EXPLICIT_TRACE		BIT(63)
#define CR14_ASN_TRANSLATION		BIT(44)

static void check_special_operations(void)
{
	static const uint8_t system_mask;
	uint64_t cr0 = get_cr0();

	set_cr0(cr0 | CR0_SSM_SUPPRESSION);
	given[2] = (uint64_t)&system_mask;
	act(PSW_KERNEL, ssm);
	check_program("special operation, SSM suppressed", SPECIAL_OPERATION, SUPPRESSED, 4);
	set_cr0(cr0);
	act(PSW_KERNEL, sac_secondary);
	check_program("special operation, SAC with DAT off", SPECIAL_OPERATION, SUPPRESSED, 4);

	/* GR1 designates a subchannel: bits 32-47 must be 0001. */
	act(PSW_KERNEL, start_subchannel);
	if (outcome.class == SUPERVISOR_CALL)
		skip("operand, SSCH: the machine has no channel subsystem");
	else
		check_program("operand, SSCH with an invalid subsystem identification", OPERAND, SUPPRESSED, 4);
}

static void check_trace(void)
{
	static const uint32_t enabled;
	uint64_t page = fresh_page(), cr12 = get_cr12();

	set_cr12((page + 0xff8) | CR12_EXPLICIT_TRACE);
	given[2] = (uint64_t)&enabled;
	act(PSW_KERNEL, trace);
	check_if_there("trace table, no room before the 4 KB boundary", TRACE_TABLE, NULLIFIED, 4);
	set_cr12(cr12);
}

static void check_monitor(void)
{
	uint64_t cr8 = get_cr8();

	set_cr8(cr8 | CR8_MONITOR_CLASS(3));
	given[2] = 0x456000;
	act(PSW_KERNEL, monitor_call);
	check_program("monitor event", MONITOR_EVENT, COMPLETED, 4);
	check(outcome.monitor_class == 3 && outcome.monitor_code == 0x456123, "    monitor class %04x, code %016lx",
	      outcome.monitor_class, outcome.monitor_code);
	set_cr8(cr8 & ~CR8_MONITOR_CLASS(3));
	act(PSW_KERNEL, monitor_call);
	check_completed("masked monitor event");
	set_cr8(cr8);
}

static void check_spaces(void)
{
	static uint32_t asn_first[1024] __attribute__((aligned(4096)));
	static uint32_t asn_second[1024] __attribute__((aligned(4096)));
	uint64_t cr0 = get_cr0(), cr1 = get_cr1(), cr13 = get_cr13(), cr14 = get_cr14();

	set_cr1((uint64_t)segments | SPACE_SWITCH_EVENT);
	set_cr13((uint64_t)segments);
	act(PSW_KERNEL | PSW_DAT, sac_home);
	check_program("SAC without secondary-space control", SPECIAL_OPERATION, SUPPRESSED, 4);
	set_cr0(cr0 | CR0_SECONDARY_SPACE);
	act(PSW_KERNEL | PSW_DAT, sac_home);
	check(outcome.class == PROGRAM && outcome.code == SPACE_SWITCH && outcome.length == 4 &&
	      outcome.old.mask == (PSW_KERNEL | PSW_DAT | PSW_HOME) && outcome.old.address == (uint64_t)sac_home + 4,
	      "space-switch event, SAC to the home space: program interruption %04x, old PSW %016lx %016lx, ILC %u",
	      outcome.code, outcome.old.mask, outcome.old.address, outcome.length / 2);

	set_cr1((uint64_t)segments);
	set_cr14((cr14 & ~0xfffffUL) | CR14_ASN_TRANSLATION | (uint64_t)asn_first >> 12);
	asn_first[0] = 0x80000000;
	given[2] = 1;
	act(PSW_KERNEL | PSW_DAT, set_secondary_asn);
	if (!missing("AFX translation, SSAR") && check_program("AFX translation, SSAR", AFX_TRANSLATION, NULLIFIED, 4))
		check((uint32_t)outcome.translation_exception == 1, "    ASN %04lx",
		      outcome.translation_exception & 0xffff);
	asn_first[0] = (uint32_t)(uint64_t)asn_second;
	asn_second[64 / 4] = 0x80000000;
	given[2] = 1;
	act(PSW_KERNEL | PSW_DAT, set_secondary_asn);
	if (!missing("ASX translation, SSAR") && check_program("ASX translation, SSAR", ASX_TRANSLATION, NULLIFIED, 4))
		check((uint32_t)outcome.translation_exception == 1, "    ASN %04lx",
		      outcome.translation_exception & 0xffff);
	set_cr0(cr0);
	set_cr1(cr1);
	set_cr13(cr13);
	set_cr14(cr14);
}

SNIPPET(set_volatile, ".insn rrf,0xb9ab0000,%r3,%r2,3,0");

static void check_discard(void)
{
	uint64_t page = fresh_page();

	given[2] = page;
	act(PSW_KERNEL, set_volatile);
	if (missing("discard fault, ESSA"))
		return;
	given[2] = page + 0x560;
	act(PSW_KERNEL, load);
	if (outcome.class == SUPERVISOR_CALL) {
		skip("discard fault: ESSA is that of KVM, which delivers none");
		return;
	}
	check_program("discard fault", DISCARD_FAULT, NULLIFIED, 6);
	check((outcome.translation_exception & ~0xfffUL) == page, "    TEID %016lx", outcome.translation_exception);
}

/* Supervisor call and restart */

SNIPPET(svc_5a, "svc 0x5a");
SNIPPET(execute_svc, "ex %r3,0(%r2)");
SNIPPET(execute_relative_svc, "exrl %r3,svc_5a");
SNIPPET(signal_and_spin, "sigp %r6,%r2,0(%r4)\n0:\tj 0b");

static void check_supervisor_call(const char *name, const char *snippet, uint16_t code, unsigned length)
{
	check(outcome.class == SUPERVISOR_CALL && outcome.code == code && outcome.length == length &&
	      outcome.old.mask == (PSW_KERNEL | PSW_PROBLEM | PSW_CC(2)) &&
	      outcome.old.address == (uint64_t)snippet + length,
	      "%s: code %04x, old PSW %016lx %016lx, ILC %u", name, outcome.code, outcome.old.mask, outcome.old.address,
	      outcome.length / 2);
}

static void check_supervisor_calls(void)
{
	print("Supervisor call and restart\n");
	act(PSW_KERNEL | PSW_PROBLEM | PSW_CC(2), svc_5a);
	check_supervisor_call("SVC", svc_5a, 0x5a, 2);
	given[2] = (uint64_t)svc_5a;
	given[3] = 0x05;
	act(PSW_KERNEL | PSW_PROBLEM | PSW_CC(2), execute_svc);
	check_supervisor_call("SVC by EXECUTE, bits ORed into it", execute_svc, 0x5f, 4);
	act(PSW_KERNEL | PSW_PROBLEM | PSW_CC(2), execute_relative_svc);
	check_supervisor_call("SVC by EXECUTE RELATIVE LONG", execute_relative_svc, 0x5a, 6);

	given[2] = cpu_address();
	given[4] = 6;
	act(PSW_KERNEL, signal_and_spin);
	check(outcome.class == RESTART && outcome.old.mask == PSW_KERNEL &&
	      outcome.old.address == (uint64_t)signal_and_spin + 4,
	      "restart, signaled to itself: old PSW %016lx %016lx", outcome.old.mask, outcome.old.address);
}

/* External */

#define EMERGENCY_SIGNAL	0x1201
#define EXTERNAL_CALL		0x1202
#define CLOCK_COMPARATOR	0x1004
#define CPU_TIMER		0x1005
#define SERVICE_SIGNAL		0x2401

#define ORDER_EXTERNAL_CALL	2
#define ORDER_EMERGENCY_SIGNAL	3

#define READ_SCP_INFO		0x00020001

#define FAR_FUTURE		0x7fffffffffffffffUL

SNIPPET(spin, "0:\tj 0b");

static uint8_t sccb[4096] __attribute__((aligned(4096)));

static void check_external(const char *name, unsigned code, uint64_t mask, const struct interruption *taken)
{
	check(taken->class == EXTERNAL && taken->code == code && taken->old.mask == mask &&
	      taken->old.address == (uint64_t)spin,
	      "%s: external interruption %04x, old PSW %016lx %016lx", name, taken->code, taken->old.mask,
	      taken->old.address);
}

static void request_all(void)
{
	set_clock_comparator(stck() - 1);
	set_cpu_timer(1);
	sigp(cpu_address(), ORDER_EMERGENCY_SIGNAL);
	sigp(cpu_address(), ORDER_EXTERNAL_CALL);
	*(uint16_t *)sccb = sizeof(sccb);
	servc(READ_SCP_INFO, sccb);
}

static bool quiet(uint64_t psw_mask)
{
	act(psw_mask, nothing);
	return outcome.class == SUPERVISOR_CALL;
}

static void check_all_at_once(void)
{
	/* In the order of their priority. */
	static const struct { const char *name; unsigned code; } kinds[] = {
		{ "emergency signal", EMERGENCY_SIGNAL }, { "external call", EXTERNAL_CALL },
		{ "clock comparator", CLOCK_COMPARATOR }, { "CPU timer", CPU_TIMER },
		{ "service signal", SERVICE_SIGNAL },
	};
	static const uint64_t all = CR0_EMERGENCY_SIGNAL | CR0_EXTERNAL_CALL | CR0_CLOCK_COMPARATOR | CR0_CPU_TIMER |
				    CR0_SERVICE_SIGNAL;
	static struct interruption taken[5];
	uint64_t enabled = PSW_KERNEL | PSW_EXTERNAL, cr0 = get_cr0();
	bool none_by_psw, none_by_cr0, none_left;

	/* Nothing is printed until all have been taken: the console waits for external interruptions of its own. */
	request_all();
	given_cr0 = all;
	none_by_psw = quiet(PSW_KERNEL);
	set_cr0(cr0 & ~all);
	none_by_cr0 = quiet(enabled);
	set_cr0(cr0);
	for (unsigned i = 0; i < 5; i++) {
		given_cr0 = all;
		act(enabled, spin);
		taken[i] = outcome;
		if (outcome.code == CLOCK_COMPARATOR)
			set_clock_comparator(-1UL);
		if (outcome.code == CPU_TIMER)
			set_cpu_timer(FAR_FUTURE);
	}
	given_cr0 = all;
	none_left = quiet(enabled);

	check(none_by_psw, "disabled by the PSW: none is taken");
	check(none_by_cr0, "disabled by control register 0: none is taken");
	for (unsigned i = 0; i < 5; i++)
		check_external(kinds[i].name, kinds[i].code, enabled, &taken[i]);
	check(taken[0].cpu_address == cpu_address() && taken[1].cpu_address == cpu_address(),
	      "    signal and call from CPU %04x", cpu_address());
	check((taken[4].parameter & ~7u) == (uint32_t)(uint64_t)sccb, "    service-signal parameter %08x, SCCB %08x",
	      taken[4].parameter, (uint32_t)(uint64_t)sccb);
	check(none_left, "then none is left");
}

static void check_externals(void)
{
	uint64_t enabled = PSW_KERNEL | PSW_EXTERNAL;

	print("External, all requested at once\n");
	check_all_at_once();

	print("External, in time\n");
	set_clock_comparator(stck() + (100 << 12));
	given_cr0 = CR0_CLOCK_COMPARATOR;
	act(enabled | PSW_WAIT, spin);
	set_clock_comparator(-1UL);
	check_external("clock comparator ends a wait", CLOCK_COMPARATOR, enabled | PSW_WAIT, &outcome);
	set_cpu_timer(100 << 12);
	given_cr0 = CR0_CPU_TIMER;
	act(enabled | PSW_WAIT, spin);
	check_external("CPU timer ends a wait", CPU_TIMER, enabled | PSW_WAIT, &outcome);
	set_cpu_timer(100 << 12);
	given_cr0 = CR0_CPU_TIMER;
	act(enabled, spin);
	set_cpu_timer(FAR_FUTURE);
	check_external("CPU timer ends a loop", CPU_TIMER, enabled, &outcome);
}

void program(void)
{
	check_operations();
	check_storage();
	check_specification();
	check_data();
	check_arithmetic();
	check_dat();
	print("Special operation, operand, trace table, monitor event, spaces, discard fault\n");
	check_special_operations();
	check_trace();
	check_monitor();
	check_spaces();
	check_discard();
	check_supervisor_calls();
	check_externals();
	finish();
}
