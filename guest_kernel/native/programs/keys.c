/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Storage keys: setting and reading them, reference and change recording, and key-controlled protection. */
#include "expect.h"
#include "instructions.h"
#include "print.h"

#define ACC(key)	((key) << 4)
#define FETCH		0x08
#define REFERENCED	0x04
#define CHANGED		0x02

/* M3 of SET STORAGE KEY EXTENDED. */
#define NONQUIESCING	8
#define SKIP_REFERENCE	4
#define SKIP_CHANGE	2
#define MULTIPLE	1

SNIPPET(load, "lg %r3,0(%r2)");
SNIPPET(store, "stg %r3,0(%r2)");
SNIPPET(branch, "br %r2");
SNIPPET(move, "mvc 0(8,%r2),0(%r4)");
SNIPPET(iske_r3_r2, "iske %r3,%r2");
SNIPPET(rrbe_r2, "rrbe %r0,%r2");
SNIPPET(rrbm_r3_r2, ".insn rre,0xb9ae0000,%r3,%r2");
SNIPPET(tprot, "tprot 0(%r2),0(%r4)");
SNIPPET(spka, "spka 0(%r4)\n\tipk");
SNIPPET(spka_alone, "spka 0(%r4)");
SNIPPET(pfmf_r3_r2, ".insn rre,0xb9af0000,%r3,%r2");
SNIPPET(ivsk_r3_r2, "ivsk %r3,%r2");
SNIPPET(sske_0, ".insn rrf,0xb22b0000,%r3,%r2,0,0");
SNIPPET(sske_mc, ".insn rrf,0xb22b0000,%r3,%r2,2,0");
SNIPPET(sske_mr, ".insn rrf,0xb22b0000,%r3,%r2,4,0");
SNIPPET(sske_mr_mc, ".insn rrf,0xb22b0000,%r3,%r2,6,0");
SNIPPET(sske_nq, ".insn rrf,0xb22b0000,%r3,%r2,8,0");
SNIPPET(sske_mb, ".insn rrf,0xb22b0000,%r3,%r2,1,0");

static unsigned condition_code(void)
{
	return outcome.old.mask >> 44 & 3;
}

static uint64_t page_with_key(unsigned key)
{
	uint64_t page = fresh_page();

	sske(page, key);
	return page;
}

static void attempt_on(uint64_t page, const void *snippet, uint64_t mask)
{
	given[2] = page;
	act(mask, snippet);
}

static void check_set_and_insert(void)
{
	uint64_t page = fresh_page(), neighbour = fresh_page();
	unsigned wrong = 0;

	print("SET STORAGE KEY EXTENDED and INSERT STORAGE KEY EXTENDED\n");
	sske(neighbour, ACC(5));
	for (unsigned key = 0; key < 0x100; key++) {
		sske(page, key);
		wrong += iske(page) != (key & 0xfe);
	}
	check(!wrong, "all 128 keys are set and inserted; bit 63 of R1 is ignored and inserted as zero");
	check(iske(neighbour) == ACC(5), "the next page has kept its key");

	sske(page, ACC(7));
	given[3] = 0xfedcba9876543210;
	attempt_on(page + 0xabc, iske_r3_r2, PSW_KERNEL | PSW_CC(1));
	check(outcome.gr[3] == 0xfedcba9876543270,
	      "ISKE replaces bits 56-63 only, and ignores bits 52-63 of the address");
	check(condition_code() == 1, "ISKE leaves the condition code");
	given[3] = ACC(4);
	attempt_on(page, sske_0, PSW_KERNEL | PSW_CC(2));
	check(iske(page) == ACC(4) && condition_code() == 2, "SSKE without conditions leaves the condition code");

	attempt_on(page, iske_r3_r2, PSW_KERNEL | PSW_PROBLEM);
	check_program("ISKE in the problem state", PRIVILEGED_OPERATION, SUPPRESSED, 4);
	attempt_on(page, sske_0, PSW_KERNEL | PSW_PROBLEM);
	check_program("SSKE in the problem state", PRIVILEGED_OPERATION, SUPPRESSED, 4);
	attempt_on(OUTSIDE, iske_r3_r2, PSW_KERNEL);
	check_program("ISKE outside storage", ADDRESSING, SUPPRESSED, 4);
	attempt_on(OUTSIDE, sske_0, PSW_KERNEL);
	check_program("SSKE outside storage", ADDRESSING, SUPPRESSED, 4);
}

/*
 * Conditional SSKE: GR3 has the new key; bits 48-55 receive the old one. Condition code 0 says that nothing was set; 1
 * that the key was; 2 that only R or C needed to be, for which some machines present 1.
 */
static void check_condition(const char *name, const void *snippet, unsigned old, unsigned new, bool set)
{
	uint64_t page = page_with_key(old);
	uint64_t result = 0x1234560000 | (uint64_t)old << 8 | new;
	bool partial = set && !((old ^ new) & 0xf8);
	bool cc;

	given[3] = 0x123456ff00 | new;
	attempt_on(page, snippet, PSW_KERNEL);
	cc = condition_code() == set || (partial && condition_code() == 2);
	check(outcome.class == SUPERVISOR_CALL && cc && outcome.gr[3] == result &&
	      iske(page) == (set ? new : old),
	      "%s: key %02x, new key %02x: condition code %u, old key %02lx inserted, key is %02x", name, old, new,
	      condition_code(), outcome.gr[3] >> 8 & 0xff, iske(page));
}

static void check_conditional(void)
{
	print("Conditional SSKE\n");
	if (!has_facility(FACILITY_CONDITIONAL_SSKE)) {
		skip("the conditional-SSKE facility is not installed");
		return;
	}
	check_condition("MR", sske_mr, ACC(3) | REFERENCED, ACC(3), false);
	check_condition("MR", sske_mr, ACC(3) | CHANGED, ACC(3), true);
	check_condition("MR", sske_mr, ACC(3), ACC(4), true);
	check_condition("MC", sske_mc, ACC(3) | CHANGED, ACC(3), false);
	check_condition("MC", sske_mc, ACC(3) | REFERENCED, ACC(3), true);
	check_condition("MR and MC", sske_mr_mc, ACC(3) | REFERENCED | CHANGED, ACC(3), false);
	check_condition("MR and MC", sske_mr_mc, ACC(3) | REFERENCED | CHANGED, ACC(3) | FETCH, true);
	check_condition("MR and MC", sske_mr_mc, ACC(9), ACC(3), true);
}

static void check_nonquiescing(void)
{
	uint64_t page = page_with_key(ACC(2));

	if (!has_facility(FACILITY_NONQUIESCING)) {
		skip("the nonquiescing key-setting facility is not installed");
		return;
	}
	given[3] = ACC(6);
	attempt_on(page, sske_nq, PSW_KERNEL | PSW_CC(3));
	check(iske(page) == ACC(6) && condition_code() == 3, "NQ sets the key");
}

/* With MB, the operation goes on to the end of the 1 MB block, and GR2 is where it would go on. */
static void check_multiple(void)
{
	uint64_t first = 0x1fd000, wrong = 0;

	print("SSKE on multiple blocks, PERFORM FRAME MANAGEMENT FUNCTION\n");
	if (!has_facility(FACILITY_EDAT_1)) {
		skip("enhanced DAT facility 1 is not installed");
		return;
	}
	sske(first - 0x1000, 0);
	sske(0x200000, 0);
	given[3] = ACC(0xb) | FETCH;
	attempt_on(first, sske_mb, PSW_KERNEL);
	for (uint64_t page = first; page < 0x200000; page += 0x1000)
		wrong += iske(page) != (ACC(0xb) | FETCH);
	check(!wrong && !iske(first - 0x1000) && !iske(0x200000),
	      "MB sets the keys up to the 1 MB boundary, and no others");
	check(outcome.gr[2] == 0x200000, "R2 designates the next block: %016lx", outcome.gr[2]);

	/* R1 of PFMF: bit 46 set key, bits 49-51 frame size (0 is 4K), bits 56-62 the key. */
	sske(first, 0);
	given[3] = 0x20000 | ACC(0xc);
	attempt_on(first, pfmf_r3_r2, PSW_KERNEL);
	check(iske(first) == ACC(0xc) && outcome.gr[2] == first, "PFMF sets the key of a 4 KB frame");
	*(volatile uint64_t *)first = 1;
	given[3] = 0x10000;
	attempt_on(first, pfmf_r3_r2, PSW_KERNEL);
	check(*(volatile uint64_t *)first == 0, "PFMF clears a 4 KB frame");
	given[3] = 0x20000 | 0x1000 | ACC(0xd);
	attempt_on(0x345000, pfmf_r3_r2, PSW_KERNEL);
	wrong = 0;
	for (uint64_t page = 0x345000; page < 0x400000; page += 0x1000)
		wrong += iske(page) != ACC(0xd);
	check(!wrong && !iske(0x344000) && outcome.gr[2] == 0x400000,
	      "PFMF sets the keys of a 1 MB frame from the block that R2 designates on");
	given[3] = 0x00100000;
	attempt_on(first, pfmf_r3_r2, PSW_KERNEL);
	check_program("PFMF with a reserved bit", SPECIFICATION, SUPPRESSED, 4);
	attempt_on(first, pfmf_r3_r2, PSW_KERNEL | PSW_PROBLEM);
	check_program("PFMF in the problem state", PRIVILEGED_OPERATION, SUPPRESSED, 4);
}

static void check_recording(void)
{
	static const uint64_t source = 1;
	uint64_t page = fresh_page(), other = fresh_page();

	print("Reference and change recording\n");
	check(iske(page) == 0, "a page that nobody touched has neither");
	attempt_on(page, load, PSW_KERNEL);
	check(iske(page) == REFERENCED, "a fetch sets R");
	sske(page, 0);
	attempt_on(page, load, PSW_KERNEL);
	check(iske(page) == REFERENCED, "and again after the key was set");
	attempt_on(page, store, PSW_KERNEL);
	check(iske(page) == (REFERENCED | CHANGED), "a store sets R and C");
	sske(page, ACC(3) | FETCH);
	attempt_on(page, store, PSW_KERNEL | PSW_KEY(3));
	check(iske(page) == (ACC(3) | FETCH | REFERENCED | CHANGED), "and leaves the rest of the key");
	sske(page, REFERENCED | CHANGED);
	attempt_on(page, load, PSW_KERNEL);
	check(iske(page) == (REFERENCED | CHANGED), "a fetch leaves C");

	sske(page, 0);
	sske(other, 0);
	given[4] = (uint64_t)&source;
	attempt_on(page + 0xffc, move, PSW_KERNEL);
	check(iske(page) == (REFERENCED | CHANGED) && iske(other) == (REFERENCED | CHANGED),
	      "a store across a page boundary sets R and C of both pages");

	/* 0a00 is SVC 0. */
	*(volatile uint32_t *)page = 0x0a000000;
	sske(page, 0);
	attempt_on(page, branch, PSW_KERNEL);
	check(outcome.class == SUPERVISOR_CALL && iske(page) == REFERENCED, "an instruction fetch sets R");

	sske(page, 0);
	attempt_on(page, iske_r3_r2, PSW_KERNEL);
	check(iske(page) == 0, "ISKE sets nothing");
	sske(page, ACC(3) | FETCH);
	attempt_on(page, load, PSW_KERNEL | PSW_KEY(4));
	check(iske(page) == (ACC(3) | FETCH), "a fetch that protection stops sets nothing");
	attempt_on(page, store, PSW_KERNEL | PSW_KEY(4));
	check(iske(page) == (ACC(3) | FETCH), "a store that protection stops sets nothing");
}

static void check_reset_reference(void)
{
	uint64_t block = 0x240000;
	unsigned wrong = 0;

	print("RESET REFERENCE BIT EXTENDED, RESET REFERENCE BITS MULTIPLE\n");
	for (unsigned bits = 0; bits < 4; bits++) {
		uint64_t page = page_with_key(ACC(5) | FETCH | bits << 1);

		attempt_on(page, rrbe_r2, PSW_KERNEL);
		check(condition_code() == bits && iske(page) == (ACC(5) | FETCH | ((bits << 1) & CHANGED)),
		      "RRBE, R %u and C %u: condition code %u, key %02x", bits >> 1, bits & 1, condition_code(),
		      iske(page));
	}
	attempt_on(OUTSIDE, rrbe_r2, PSW_KERNEL);
	check_program("RRBE outside storage", ADDRESSING, SUPPRESSED, 4);
	attempt_on(block, rrbe_r2, PSW_KERNEL | PSW_PROBLEM);
	check_program("RRBE in the problem state", PRIVILEGED_OPERATION, SUPPRESSED, 4);

	if (!has_facility(FACILITY_RRBM)) {
		skip("the reset-reference-bits-multiple facility is not installed");
		return;
	}
	for (unsigned i = 0; i < 64; i++)
		sske(block + i * 0x1000, ACC(6) | CHANGED | (i % 3 ? 0 : REFERENCED));
	attempt_on(block, rrbm_r3_r2, PSW_KERNEL);
	for (unsigned i = 0; i < 64; i++) {
		wrong += !(outcome.gr[3] & BIT(i)) != !!(i % 3);
		wrong += iske(block + i * 0x1000) != (ACC(6) | CHANGED);
	}
	check(!wrong, "RRBM gives the 64 reference bits, %016lx, and resets them", outcome.gr[3]);
}

/* Every storage key against every access key, as the figure "Summary of Protection Action" has it. */
static void check_protection(void)
{
	unsigned wrong_fetch = 0, wrong_store = 0;
	uint64_t page = fresh_page();

	print("Key-controlled protection\n");
	for (unsigned key = 0; key < 16; key++) {
		for (unsigned access = 0; access < 16; access++) {
			for (unsigned fetch = 0; fetch <= FETCH; fetch += FETCH) {
				bool match = !access || access == key;

				sske(page, ACC(key) | fetch);
				attempt_on(page, load, PSW_KERNEL | PSW_KEY(access));
				wrong_fetch += (outcome.class == SUPERVISOR_CALL) != (match || !fetch);
				attempt_on(page, store, PSW_KERNEL | PSW_KEY(access));
				wrong_store += (outcome.class == SUPERVISOR_CALL) != match;
			}
		}
	}
	check(!wrong_fetch, "fetches, all access keys and storage keys, with and without fetch protection");
	check(!wrong_store, "stores, all access keys and storage keys, with and without fetch protection");

	sske(page, ACC(3) | FETCH);
	attempt_on(page + 8, store, PSW_KERNEL | PSW_KEY(4));
	check_program("store with key 4 into key 3", PROTECTION, SUPPRESSED, 6);
	check_teid(page | TEID_STORE | TEID_KEY);
	attempt_on(page + 8, load, PSW_KERNEL | PSW_KEY(4) | PSW_PROBLEM);
	check_program("fetch with key 4 from key 3, fetch-protected, problem state", PROTECTION, SUPPRESSED, 6);
	check_teid(page | TEID_FETCH | TEID_KEY);
	attempt_on(page, branch, PSW_KERNEL | PSW_KEY(4));
	check_program_on_fetch("instruction fetch with key 4 from key 3, fetch-protected", PROTECTION, SUPPRESSED,
			       (const void *)page);
}

static void check_overrides(void)
{
	uint64_t page = page_with_key(ACC(9) | FETCH), cr0 = get_cr0();
	unsigned lowcore_key = iske(0);

	print("Overrides\n");
	attempt_on(page, store, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == PROGRAM, "without storage-protection override, key 9 is like any other");
	set_cr0(cr0 | CR0_STORAGE_OVERRIDE);
	attempt_on(page, store, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == SUPERVISOR_CALL, "storage-protection override: store with key 4 into key 9");
	attempt_on(page, load, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == SUPERVISOR_CALL,
	      "storage-protection override: fetch with key 4 from key 9, fetch-protected");
	sske(page, ACC(8) | FETCH);
	attempt_on(page, load, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == PROGRAM, "storage-protection override: no fetch with key 4 from key 8");
	set_cr0(cr0);

	sske(0, ACC(3) | FETCH);
	attempt_on(0x7f8, load, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == PROGRAM, "without fetch-protection override, location 7f8 is fetch-protected");
	set_cr0(cr0 | CR0_FETCH_OVERRIDE);
	attempt_on(0x7f8, load, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == SUPERVISOR_CALL, "fetch-protection override: fetch from location 7f8");
	attempt_on(0x800, load, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == PROGRAM, "fetch-protection override: no fetch from location 800");
	attempt_on(0x7f8, store, PSW_KERNEL | PSW_KEY(4));
	check(outcome.class == PROGRAM, "fetch-protection override: no store at location 7f8");
	set_cr0(cr0);
	sske(0, lowcore_key);
}

static void check_test_protection(void)
{
	/* The condition code for access key 4. */
	static const struct { uint8_t key, cc; } cases[] = {
		{ ACC(4), 0 }, { ACC(4) | FETCH, 0 }, { ACC(3), 1 }, { ACC(3) | FETCH, 2 }, { ACC(0) | FETCH, 2 },
	};

	print("TEST PROTECTION\n");
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t page = page_with_key(cases[i].key);

		given[4] = ACC(4);
		attempt_on(page, tprot, PSW_KERNEL | PSW_CC(3));
		check(outcome.class == SUPERVISOR_CALL && condition_code() == cases[i].cc && iske(page) == cases[i].key,
		      "access key 4, storage key %02x: condition code %u", cases[i].key, condition_code());
	}
	attempt_on(OUTSIDE, tprot, PSW_KERNEL);
	check_program("TPROT outside storage", ADDRESSING, SUPPRESSED, 6);
	attempt_on(fresh_page(), tprot, PSW_KERNEL | PSW_PROBLEM);
	check_program("TPROT in the problem state", PRIVILEGED_OPERATION, SUPPRESSED, 6);
}

static void check_psw_key(void)
{
	uint64_t cr3 = get_cr3();

	print("SET PSW KEY FROM ADDRESS, INSERT PSW KEY\n");
	given[4] = 0x1234567f;
	given[2] = 0xff00ff00ff00ffff;
	act(PSW_KERNEL, spka);
	check(outcome.class == SUPERVISOR_CALL && (outcome.old.mask & PSW_KEY(15)) == PSW_KEY(7),
	      "SPKA sets the key of the PSW from bits 56-59 of the address");
	check(outcome.gr[2] == 0xff00ff00ff00ff70, "IPK inserts it in bits 56-63 of GR2: %016lx", outcome.gr[2]);

	/* CR3 bits 32-47 are the PSW-key mask: allow key 8 only. */
	set_cr3(BIT(40));
	given[4] = ACC(8);
	act(PSW_KERNEL | PSW_PROBLEM, spka_alone);
	check(outcome.class == SUPERVISOR_CALL && (outcome.old.mask & PSW_KEY(15)) == PSW_KEY(8),
	      "SPKA in the problem state, key 8 in the PSW-key mask");
	given[4] = ACC(7);
	act(PSW_KERNEL | PSW_PROBLEM, spka_alone);
	check_program("SPKA in the problem state, key 7 not in the PSW-key mask", PRIVILEGED_OPERATION, SUPPRESSED, 4);
	set_cr3(cr3);

	given[4] = 0;
	attempt_on(fresh_page(), ivsk_r3_r2, PSW_KERNEL);
	check_program("INSERT VIRTUAL STORAGE KEY with DAT off", SPECIAL_OPERATION, SUPPRESSED, 4);
}

void program(void)
{
	check_set_and_insert();
	check_conditional();
	check_nonquiescing();
	check_multiple();
	check_recording();
	check_reset_reference();
	check_protection();
	check_overrides();
	check_test_protection();
	check_psw_key();
	finish();
}
