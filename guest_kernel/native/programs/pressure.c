/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel with guest page hinting does with its pages, for a host that has fewer frames than this guest has
 * pages. Every byte has a value that can be worked out, and is compared with it; so whatever the host loses, mixes up
 * or brings back too late is found and named. Nothing here depends on the host being under pressure.
 *
 * The command line: pages=N rounds=N seed=N cpus=N hints=on|off|auto balloon=on|off.
 */
#include "expect.h"
#include "instructions.h"
#include "print.h"
#include "smp.h"

#define PAGE		4096UL
#define MEGABYTE	0x100000UL
#define DOUBLEWORD	8

#define CPUS		8
#define PAGES_AT_LEAST	16	/* for each CPU */

/* Operations in a round for each page, and how many of them go to the hot quarter. */
#define WORK		4
#define HOT_PER_CENT	80

/* Interruptions are let in after so many operations. */
#define WINDOW		8

/* What ESSA gives. */
#define CONTENT		0x03
#define RESIDENT	0x00
#define USAGE		0x0c
#define STABLE		0x00
#define UNUSED		0x04
#define POTENTIALLY_VOLATILE 0x08
#define VOLATILE	0x0c
#define DISCARDED	0x0f

/* Storage keys: access-control bits and fetch protection, reference, change. */
#define KEY_PROTECTION	0xf8
#define KEY_REFERENCED	0x04
#define KEY_CHANGED	0x02

#define VMCF_EVENT	0x4001
#define SERVICE_SIGNAL	0x2401
#define CR0_VMCF	BIT(63)

SNIPPET(touch, "lg %r3,0(%r2)");
SNIPPET(test_protection, "tprot 0(%r2),0(%r4)");
SNIPPET(essa_get, ".insn rrf,0xb9ab0000,%r3,%r2,0,0");
SNIPPET(essa_volatile, ".insn rrf,0xb9ab0000,%r3,%r2,3,0");
SNIPPET(authorize, "diag %r2,%r3,0x68");

/* See pressure.S. */
extern const char direct_accesses[], direct_accesses_end[], program_interruption_stub[], external_interruption_stub[];
uint64_t compare_doublewords(uint64_t address, uint64_t first, uint64_t step, uint64_t quadruples);
void fill_doublewords(uint64_t address, uint64_t first, uint64_t step, uint64_t quadruples);
uint64_t load_doubleword(uint64_t address);
void store_doubleword(uint64_t address, uint64_t value);
void copy_blocks(void *to, uint64_t from, uint64_t blocks);

void program_interruption(const uint64_t *registers, struct psw *old);
void external_interruption(const uint64_t *registers, struct psw *old);
/* The runtime's: what nobody expects ends the program with a message. */
void interruption(enum interruption_class class, const uint64_t *registers, struct psw *old);

/* What the guest does with a page. */
enum kind {
	FREE,		/* unused */
	ANONYMOUS,	/* stable: nobody else has the content */
	CACHE,		/* volatile between two uses: a copy of a file page */
	MAPPED,		/* potentially volatile: a copy of a file page that programs store into */
	SWAPPED,	/* the frame is unused, the content in the guest's swap space */
};

static const char *const kind_names[] = { "free", "anonymous", "page cache", "mapped file", "swapped out" };

/* A page is written in parts, each with its version. */
#define PARTS		4
#define PART		(PAGE / PARTS)
#define QUADRUPLES(bytes) ((bytes) / (4 * DOUBLEWORD))
#define COPY_BLOCKS	(PART / 256)

/* What the kernel knows of a page. The content is not kept: it follows from this (content_of). */
struct page {
	uint16_t version[PARTS];	/* of what is in the page */
	uint16_t disk[PARTS];		/* of what the guest's disk has: a mapped page that differs is dirty */
	uint32_t inode;			/* the file, for page cache and mapped pages */
	uint8_t kind;
	uint8_t left;			/* what kind was here before, for a page that is not in use */
	uint8_t key;			/* access-control bits and fetch protection */
	uint8_t flags;
};

enum flags {
	CHANGED = 1,		/* the change bit must be one; else it must be zero */
	REFERENCED = 2,		/* the reference bit must be one */
	CACHED = 4,		/* a copy of the file page was made here, and not given up */
	LEFT_STABLE = 8,	/* the discard-fault handler did not make the page volatile again */
	GIVEN = 16,		/* the frame was given to the hypervisor */
};

/* Global, so that a debugger or a test finds the table by its name. */
struct page *pages;
uint64_t area;
static unsigned page_count;

enum counter {
	GUEST_READS, GUEST_REREADS, GUEST_WRITES, DISCARD_FAULTS, ADDRESSING_FAULTS, FOUND_DISCARDED, ESSA, VERIFIED_PAGES,
	VERIFIED_PARTS, CHECKED_KEYS, ALLOCATED, FREED, SWAPPED_OUT, SWAPPED_IN, BALLOON_PAGES, ERRORS, COUNTERS,
};

static const char *const counter_names[COUNTERS] = {
	"guest-reads", "guest-re-reads", "guest-writes", "discard-faults", "addressing-faults", "found-discarded", "essa",
	"verified-pages", "verified-parts", "checked-keys", "allocated", "freed", "swapped-out", "swapped-in",
	"balloon-pages", "errors",
};

struct error {
	const char *what;
	uint64_t page;
	const char *kind;
	unsigned offset;
	uint64_t expected;
	uint64_t found;
};

#define KEPT_ERRORS 8

/* A CPU and its share of the pages, which no other CPU touches. */
struct worker {
	struct page *first;
	unsigned count;
	unsigned hot;			/* where the hot quarter begins */
	uint64_t random, whims;
	uint32_t last_inode;
	unsigned round;
	uint64_t counts[COUNTERS];
	struct error errors[KEPT_ERRORS];
	unsigned printed_errors;
	bool gave_up;
	bool handling;			/* a program interruption */
	struct page *last_fault;
	uint64_t last_fault_at;
	volatile uint64_t asked;	/* pages that the hypervisor wants, stored by CPU 0 */
	uint64_t considered;		/* of those, the ones that have been seen to */
	unsigned balloon_hand;
	uint8_t copy[PART] __attribute__((aligned(DOUBLEWORD)));
};

static struct worker workers[CPUS];
static unsigned cpus;
static uint64_t seed;
static bool hints;		/* ESSA is used */
static bool faults;		/* a touch of a discarded page is a discard fault: not so under KVM */
static bool balloon;

static void fatal(struct worker *worker) __attribute__((noreturn));

static struct worker *this_worker(void)
{
	return (struct worker *)LOWCORE->cpu_data;
}

/* Pseudo-random numbers */

static uint64_t scramble(uint64_t value)
{
	value ^= value >> 30;
	value *= 0xbf58476d1ce4e5b9;
	value ^= value >> 27;
	value *= 0x94d049bb133111eb;
	return value ^ value >> 31;
}

static unsigned draw(uint64_t *state, unsigned limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) * limit >> 32;
}

/* What work is done: the same on every machine and under every host, so that their figures can be compared. */
static unsigned below(struct worker *worker, unsigned limit)
{
	return draw(&worker->random, limit);
}

static bool chance(struct worker *worker, unsigned of)
{
	return !below(worker, of);
}

/* How it is done, which depends on what the machine has and what the host does. */
static bool whim(struct worker *worker, unsigned of)
{
	return !draw(&worker->whims, of);
}

/* Content: doubleword n of a part is the part's first plus n times an odd number. */

#define STEP 0x9e3779b97f4a7c15

static unsigned number_of(const struct page *page)
{
	return page - pages;
}

static uint64_t address_of(const struct page *page)
{
	return area + number_of(page) * PAGE;
}

static uint64_t content_of(const struct page *page, enum kind kind, unsigned part, unsigned version)
{
	uint64_t file = kind == ANONYMOUS ? 0 : page->inode;

	return scramble(seed + (file << 32 | number_of(page))) ^ scramble((uint64_t)version << 8 | kind << 4 | part);
}

static uint64_t content(const struct page *page, unsigned part)
{
	return content_of(page, page->kind, part, page->version[part]);
}

/* Errors */

static void error(struct worker *worker, const struct page *page, const char *what, unsigned offset, uint64_t expected,
		  uint64_t found)
{
	unsigned number = worker->counts[ERRORS]++;

	if (number < KEPT_ERRORS)
		worker->errors[number] = (struct error) { what, page ? address_of(page) : 0,
							  page ? kind_names[page->kind] : "no", offset, expected, found };
}

/* Page states. Without hints they are all stable, and nobody says otherwise. */

#define HINT(name, request)							\
static unsigned name(struct worker *worker, const struct page *page)		\
{										\
	if (!hints)								\
		return STABLE | RESIDENT;					\
	worker->counts[ESSA]++;							\
	return essa(request, address_of(page)) & (USAGE | CONTENT);		\
}

HINT(get_state, 0)
HINT(set_stable, 1)
HINT(set_unused, 2)
HINT(set_volatile, 3)
HINT(set_potentially_volatile, 4)
HINT(set_stable_if_not_discarded, 6)

static void check_usage(struct worker *worker, const struct page *page, unsigned expected, unsigned state)
{
	if (hints && (state & USAGE) != expected)
		error(worker, page, "usage state", 0, expected, state);
}

/* Storage keys */

/* Set the key of a page, which must be stable: R and C are zero then. */
static void set_key(struct page *page)
{
	sske(address_of(page), page->key);
	page->flags &= ~(CHANGED | REFERENCED);
}

static void choose_key(struct worker *worker, struct page *page)
{
	page->key = below(worker, 32) << 3;
}

/* The whole key, after which R may be reset. The host's looking must not show in it, nor must paging. */
static void check_key(struct worker *worker, struct page *page)
{
	unsigned key = iske(address_of(page));
	unsigned expected = page->key | (page->flags & CHANGED ? KEY_CHANGED : 0);
	uint64_t cc;

	worker->counts[CHECKED_KEYS]++;
	if ((key & (KEY_PROTECTION | KEY_CHANGED)) != expected)
		error(worker, page, "storage key", 0, expected, key);
	if (page->flags & REFERENCED && !(key & KEY_REFERENCED))
		error(worker, page, "reference bit", 0, expected | KEY_REFERENCED, key);
	if (whim(worker, 2))
		return;
	asm volatile("rrbe 0,%1\n\tipm %0\n\tsrlg %0,%0,28" : "=d" (cc) : "d" (address_of(page)) : "cc", "memory");
	page->flags &= ~REFERENCED;
	if ((cc & 1) != !!(key & KEY_CHANGED) || (key & KEY_REFERENCED && !(cc & 2)))
		error(worker, page, "condition code of RRBE", 0, (key & (KEY_REFERENCED | KEY_CHANGED)) >> 1, cc & 3);
}

/* Reading and writing whole pages and parts. All of it may meet discard faults. */

static void verify_part(struct worker *worker, struct page *page, unsigned part)
{
	uint64_t start = address_of(page) + part * PART, first = content(page, part), wrong;

	wrong = compare_doublewords(start, first, STEP, QUADRUPLES(PART));
	if (wrong)
		error(worker, page, "content", wrong - address_of(page), first + (wrong - start) / DOUBLEWORD * STEP,
		      load_doubleword(wrong));
	page->flags |= REFERENCED;
	worker->counts[VERIFIED_PARTS]++;
}

static void verify(struct worker *worker, struct page *page)
{
	for (unsigned part = 0; part < PARTS; part++)
		verify_part(worker, page, part);
	worker->counts[VERIFIED_PAGES]++;
}

/* Copy a part, as a kernel does for a program that reads a file, and verify the copy. */
static void verify_copy(struct worker *worker, struct page *page, unsigned part)
{
	uint64_t first = content(page, part), copy = (uint64_t)worker->copy, wrong;

	copy_blocks(worker->copy, address_of(page) + part * PART, COPY_BLOCKS);
	wrong = compare_doublewords(copy, first, STEP, QUADRUPLES(PART));
	if (wrong)
		error(worker, page, "content of a copy", part * PART + wrong - copy,
		      first + (wrong - copy) / DOUBLEWORD * STEP, load_doubleword(wrong));
	page->flags |= REFERENCED;
	worker->counts[VERIFIED_PARTS]++;
}

static void fill(struct page *page)
{
	for (unsigned part = 0; part < PARTS; part++)
		fill_doublewords(address_of(page) + part * PART, content(page, part), STEP, QUADRUPLES(PART));
}

/*
 * Store a new version of a part. The first store makes the page dirty, if it was not: until then a page that is
 * potentially volatile may still be discarded, and from then on it may not.
 */
static void store_part(struct page *page, unsigned part)
{
	uint64_t start = address_of(page) + part * PART, first;
	uint16_t version = page->version[part] + 1;

	first = content_of(page, page->kind, part, version);
	store_doubleword(start, first);
	page->version[part] = version;
	page->flags |= CHANGED | REFERENCED;
	fill_doublewords(start, first, STEP, QUADRUPLES(PART));
}

/* File pages */

/*
 * Read a stable page from the guest's disk: its content is made again. Reading is not changing, so the key is set
 * afterwards.
 */
static void read_from_disk(struct worker *worker, struct page *page, bool again)
{
	worker->counts[GUEST_READS]++;
	worker->counts[GUEST_REREADS] += again;
	for (unsigned part = 0; part < PARTS; part++)
		page->version[part] = page->disk[part];
	fill(page);
	set_key(page);
	page->flags |= CACHED;
}

/* From now on the host may discard the page. */
static void put_page(struct worker *worker, struct page *page)
{
	page->flags &= ~LEFT_STABLE;
	if (page->kind == CACHE)
		set_volatile(worker, page);
	else
		set_potentially_volatile(worker, page);
}

/* The content of a page is gone. That is the host's right, unless nobody else has it. */
static void check_discard(struct worker *worker, struct page *page)
{
	if (page->kind != CACHE && page->kind != MAPPED)
		error(worker, page, "page discarded that is stable", 0, 0, 0);
	else if (page->kind == MAPPED && page->flags & CHANGED)
		error(worker, page, "page discarded that was changed", 0, 0, 0);
}

/*
 * Make the page stable, and say if its content is still there. (A host that does not take the guest's word at once, as
 * KVM, leaves a page alone that it has paged out, and keeps the content.)
 */
static bool get_page(struct worker *worker, struct page *page)
{
	unsigned state = set_stable_if_not_discarded(worker, page);

	if (state == DISCARDED) {
		worker->counts[FOUND_DISCARDED]++;
		check_discard(worker, page);
		set_stable(worker, page);
		return false;
	}
	/* What was paged out because it had been changed is stable already. */
	if (page->kind == CACHE)
		check_usage(worker, page, VOLATILE, state);
	else if ((state & USAGE) != STABLE)
		check_usage(worker, page, POTENTIALLY_VOLATILE, state);
	if ((state & USAGE) != STABLE && (state & CONTENT) != RESIDENT) {
		if (faults)
			error(worker, page, "state that does not exist", 0, 0, state);
		set_stable(worker, page);
	}
	return true;
}

/* The same, and the content is there in any case. */
static void get_content(struct worker *worker, struct page *page)
{
	if (!(page->flags & CACHED)) {
		set_stable(worker, page);
		page->flags &= ~GIVEN;
		read_from_disk(worker, page, true);
	} else if (!get_page(worker, page)) {
		read_from_disk(worker, page, true);
	}
}

/* Whether this access is one of a program, to which the page is mapped: it does not ask for the state. */
static bool is_direct(struct worker *worker, const struct page *page)
{
	return page->flags & CACHED && (!hints || (faults && !whim(worker, 3)));
}

static void begin_access(struct worker *worker, struct page *page, bool direct)
{
	if (!direct)
		get_content(worker, page);
}

static void end_access(struct worker *worker, struct page *page, bool direct)
{
	if (!direct || page->flags & LEFT_STABLE)
		put_page(worker, page);
}

static void use_cache(struct worker *worker, struct page *page)
{
	bool direct = is_direct(worker, page);

	begin_access(worker, page, direct);
	if (!direct && whim(worker, 4))
		check_key(worker, page);
	if (chance(worker, 4))
		verify(worker, page);
	else if (chance(worker, 2))
		verify_copy(worker, page, below(worker, PARTS));
	else
		verify_part(worker, page, below(worker, PARTS));
	end_access(worker, page, direct);
}

/*
 * Write a mapped page back. The change bit is reset while the page is stable: else the host could take the page for an
 * unchanged one before it is written.
 */
static void write_back(struct worker *worker, struct page *page)
{
	get_content(worker, page);
	check_key(worker, page);
	verify(worker, page);
	if (page->flags & CHANGED) {
		worker->counts[GUEST_WRITES]++;
		set_key(page);
		for (unsigned part = 0; part < PARTS; part++)
			page->disk[part] = page->version[part];
	}
	put_page(worker, page);
}

static void use_mapped(struct worker *worker, struct page *page)
{
	unsigned dice = below(worker, 16), part = below(worker, PARTS);
	bool direct = is_direct(worker, page);

	if (dice < 2) {
		write_back(worker, page);
		return;
	}
	begin_access(worker, page, direct);
	if (dice < 4)
		verify(worker, page);
	else if (dice < 10)
		verify_part(worker, page, part);
	else
		store_part(page, part);
	end_access(worker, page, direct);
}

/* Anonymous pages */

static void use_anonymous(struct worker *worker, struct page *page)
{
	unsigned dice = below(worker, 32), part = below(worker, PARTS);

	if (dice < 13) {
		verify_part(worker, page, part);
	} else if (dice < 17) {
		verify_part(worker, page, part);
		store_part(page, part);
	} else if (dice < 21) {
		/* The first touch is a store. */
		store_part(page, part);
		verify_part(worker, page, (part + 1) % PARTS);
	} else if (dice < 23) {
		for (part = 0; part < PARTS; part++)
			store_part(page, part);
	} else if (dice < 27) {
		verify(worker, page);
	} else if (dice < 30) {
		check_key(worker, page);
	} else if (dice < 31) {
		choose_key(worker, page);
		set_key(page);
	} else {
		check_usage(worker, page, STABLE, chance(worker, 2) ? get_state(worker, page) :
			    set_stable_if_not_discarded(worker, page));
	}
}

/* Taking pages into use and giving them up */

/* What is in a page that was not in use may be what was left there, or zeros, but nothing of anybody else's. */
static void check_left(struct worker *worker, const struct page *page)
{
	for (unsigned part = 0; part < PARTS; part++) {
		uint64_t left = content_of(page, page->left, part, page->version[part]);
		uint64_t found = load_doubleword(address_of(page) + part * PART);

		if (found && found != left)
			error(worker, page, "content of a page not in use", part * PART, left, found);
	}
}

/* The page is going to be used; its content counts for nothing, and its key neither. */
static void take(struct worker *worker, struct page *page)
{
	unsigned state = set_stable(worker, page);

	if (page->left != FREE) {
		check_usage(worker, page, UNUSED, state);
		check_left(worker, page);
	}
	page->flags = 0;
}

static void drop(struct worker *worker, struct page *page, enum kind kind)
{
	page->left = page->kind;
	page->kind = kind;
	page->flags = 0;
	set_unused(worker, page);
}

static void allocate(struct worker *worker, struct page *page, enum kind kind)
{
	take(worker, page);
	worker->counts[ALLOCATED]++;
	page->kind = kind;
	page->inode = ++worker->last_inode;
	choose_key(worker, page);
	for (unsigned part = 0; part < PARTS; part++)
		page->disk[part] = ++page->version[part];
	if (kind == ANONYMOUS) {
		set_key(page);
		fill(page);
		page->flags |= CHANGED | REFERENCED;
	} else {
		read_from_disk(worker, page, false);
		put_page(worker, page);
	}
}

static enum kind any_kind(struct worker *worker)
{
	unsigned dice = below(worker, 8);

	return dice < 4 ? ANONYMOUS : dice < 6 ? CACHE : MAPPED;
}

static void swap_out(struct worker *worker, struct page *page)
{
	check_key(worker, page);
	verify(worker, page);
	worker->counts[GUEST_WRITES]++;
	worker->counts[SWAPPED_OUT]++;
	drop(worker, page, SWAPPED);
}

static void swap_in(struct worker *worker, struct page *page)
{
	take(worker, page);
	page->kind = ANONYMOUS;
	set_key(page);
	fill(page);
	page->flags |= CHANGED | REFERENCED;
	worker->counts[GUEST_READS]++;
	worker->counts[SWAPPED_IN]++;
}

/* The balloon */

static struct {
	uint8_t header[20];
	uint32_t text_length;
	uint8_t header_end[16];
	uint8_t text[136];
} message __attribute__((aligned(DOUBLEWORD)));
_Static_assert(offsetof(__typeof__(message), text) == 40, "VMCMHDR");

/* DIAGNOSE 0x010, release pages: the frame goes back to the hypervisor, with whatever is in it. */
static void give_page(struct worker *worker, struct page *page)
{
	uint64_t address = address_of(page);

	asm volatile("diag %0,%0,0x10" : : "d" (address) : "memory");
	page->flags = (page->flags | GIVEN) & ~CACHED;
	worker->counts[BALLOON_PAGES]++;
}

static bool can_be_given(const struct page *page)
{
	return !(page->flags & GIVEN) && (page->kind == FREE || page->kind == CACHE);
}

/* Give *wanted* pages that are free or can be read again, or as many as there are; the hot ones last. */
static void give_pages(struct worker *worker, uint64_t wanted)
{
	unsigned hot_end = worker->hot + worker->count / 4;

	for (unsigned i = 0; i < worker->count && wanted; i++) {
		struct page *page = &worker->first[(hot_end + i) % worker->count];

		if (can_be_given(page)) {
			give_page(worker, page);
			wanted--;
		}
	}
}

/* "SHRINK n" in EBCDIC; zero if it is something else. */
static uint64_t requested_pages(void)
{
	static const uint8_t shrink[] = { 0xe2, 0xc8, 0xd9, 0xc9, 0xd5, 0xd2, 0x40 };
	uint64_t wanted = 0;

	for (unsigned i = 0; i < sizeof(shrink); i++) {
		if (message.text[i] != shrink[i])
			return 0;
	}
	for (unsigned i = sizeof(shrink); i < message.text_length && i < sizeof(message.text); i++)
		wanted = wanted * 10 + (message.text[i] & 0x0f);
	return wanted;
}

/* The handler only notes what is asked for; each CPU sees to its share between two operations. */
static void note_request(void)
{
	uint64_t wanted = requested_pages();

	for (unsigned cpu = 0; cpu < cpus; cpu++)
		workers[cpu].asked += wanted / cpus + (cpu < wanted % cpus);
}

static void open_window(void)
{
	uint8_t mask;

	asm volatile("stosm %0,1\n\tstnsm %0,0xfe" : "=Q" (mask) : : "memory");
}

/* Between two operations: nothing is half done. */
static void safe_point(struct worker *worker, unsigned operation)
{
	if (!balloon)
		return;
	if (worker == &workers[0] && operation % WINDOW == 0)
		open_window();
	if (worker->asked != worker->considered) {
		uint64_t asked = worker->asked;

		give_pages(worker, asked - worker->considered);
		worker->considered = asked;
	}
}

static bool start_balloon(void)
{
	static uint32_t parameters[10] __attribute__((aligned(DOUBLEWORD)));

	parameters[0] = 0x20000000;	/* special messages, AUTHORIZE */
	parameters[4] = (uint64_t)&message;
	parameters[5] = sizeof(message);
	given[2] = (uint64_t)parameters;
	act(PSW_KERNEL, authorize);
	return outcome.class == SUPERVISOR_CALL && !outcome.gr[3];
}

/* Interruptions */

/* The address that a base register, or none, and a displacement make. */
static uint64_t operand(const uint64_t *registers, unsigned base, unsigned displacement)
{
	return (base ? registers[base] : 0) + displacement;
}

/*
 * Whether the instruction at *at* touches *page*, with the registers as they are. If so, it has been nullified: it is
 * still to be executed, and has not changed what it needs.
 */
static bool is_nullified(const uint8_t *at, const uint64_t *registers, uint64_t page)
{
	unsigned base_1 = at[2] >> 4, displacement_1 = (at[2] & 15) << 8 | at[3];
	unsigned base_2 = at[4] >> 4, displacement_2 = (at[4] & 15) << 8 | at[5];

	if ((const char *)at < direct_accesses || (const char *)at >= direct_accesses_end)
		return false;
	if (((operand(registers, base_1, displacement_1) ^ page) & ~(PAGE - 1)) == 0)
		return at[0] == 0xe3 || at[0] == 0xd2;
	return at[0] == 0xd2 && ((operand(registers, base_2, displacement_2) ^ page) & ~(PAGE - 1)) == 0;
}

static struct page *page_at(struct worker *worker, uint64_t address)
{
	struct page *page = &pages[(address - area) / PAGE];

	return address >= area && page >= worker->first && page < worker->first + worker->count ? page : NULL;
}

/*
 * Read the page again and return to the instruction. It may be volatile at once; but a page that was discarded again
 * before the instruction could be executed stays stable until it has been.
 */
static void discard_fault(struct worker *worker, const uint64_t *registers, const struct psw *old)
{
	uint64_t address = LOWCORE->translation_exception;
	struct page *page = page_at(worker, address);
	bool again = page == worker->last_fault && old->address == worker->last_fault_at;
	unsigned state;

	worker->counts[DISCARD_FAULTS]++;
	if (!page || !is_nullified((const uint8_t *)old->address, registers, address)) {
		error(worker, page, "discard fault where none can be: PSW, address", 0, old->address, address);
		fatal(worker);
	}
	if (address % PAGE || LOWCORE->program_length != 6)
		error(worker, page, "discard fault: address, length", 0, LOWCORE->program_length, address);
	check_discard(worker, page);
	state = set_stable(worker, page);
	if (state != DISCARDED)
		error(worker, page, "state at a discard fault", 0, DISCARDED, state);
	worker->last_fault = page;
	worker->last_fault_at = old->address;
	if (page->kind != CACHE && page->kind != MAPPED) {
		fill(page);
		return;
	}
	read_from_disk(worker, page, true);
	page->flags |= LEFT_STABLE;
	if (!again && whim(worker, 2))
		put_page(worker, page);
}

void program_interruption(const uint64_t *registers, struct psw *old)
{
	struct worker *worker = this_worker();
	unsigned code = LOWCORE->program_code;

	if (code == DISCARD_FAULT && !worker->handling) {
		worker->handling = true;
		discard_fault(worker, registers, old);
		worker->handling = false;
		return;
	}
	worker->counts[ADDRESSING_FAULTS] += code == ADDRESSING;
	error(worker, NULL, "program interruption: code, PSW", 0, code, old->address);
	fatal(worker);
}

void external_interruption(const uint64_t *registers, struct psw *old)
{
	if (LOWCORE->external_code == VMCF_EVENT)
		note_request();
	else
		interruption(EXTERNAL, registers, old);
}

/* Phases. Each CPU does all of it with its share of the pages. */

static void phase_fill(unsigned cpu)
{
	struct worker *worker = &workers[cpu];

	for (unsigned i = 0; i < worker->count; i++) {
		struct page *page = &worker->first[i];

		/* One in eight is left free. */
		if (chance(worker, 8))
			set_unused(worker, page);
		else
			allocate(worker, page, any_kind(worker));
		safe_point(worker, i);
	}
}

static struct page *choose_page(struct worker *worker)
{
	unsigned number = below(worker, worker->count);

	if (below(worker, 100) < HOT_PER_CENT)
		number = worker->hot + number / 4;
	return &worker->first[number % worker->count];
}

static void operate(struct worker *worker)
{
	struct page *page = choose_page(worker);

	switch ((enum kind)page->kind) {
	case FREE:
		if (chance(worker, 4))
			allocate(worker, page, any_kind(worker));
		return;
	case SWAPPED:
		swap_in(worker, page);
		return;
	case ANONYMOUS:
		use_anonymous(worker, page);
		break;
	case CACHE:
		use_cache(worker, page);
		break;
	case MAPPED:
		use_mapped(worker, page);
		break;
	}
	if (chance(worker, 28)) {
		worker->counts[FREED]++;
		drop(worker, page, FREE);
	}
}

static void work(struct worker *worker, unsigned operations)
{
	for (unsigned i = 0; i < operations; i++) {
		operate(worker);
		safe_point(worker, i);
	}
}

/* The working set moves on from round to round. */
static void phase_round(unsigned cpu)
{
	struct worker *worker = &workers[cpu];

	worker->hot = worker->count / 4 * (worker->round++ % 4);
	work(worker, WORK * worker->count);
}

/* Double paging: what the guest writes to its swap space, the host may first have to bring in from its own. */
static void phase_swap(unsigned cpu)
{
	struct worker *worker = &workers[cpu];

	for (unsigned i = worker->count / 4; i < worker->count; i++) {
		struct page *page = &worker->first[(worker->hot + i) % worker->count];

		if (page->kind == ANONYMOUS && chance(worker, 2))
			swap_out(worker, page);
		safe_point(worker, i);
	}
	work(worker, worker->count);
	for (unsigned i = 0; i < worker->count; i++) {
		if (worker->first[i].kind == SWAPPED)
			swap_in(worker, &worker->first[i]);
		safe_point(worker, i);
	}
}

/* Every page that has a content. One that was discarded has none, and is not read again for this. */
static void phase_verify(unsigned cpu)
{
	struct worker *worker = &workers[cpu];

	for (unsigned i = 0; i < worker->count; i++) {
		struct page *page = &worker->first[i];

		if (page->kind == FREE) {
			check_usage(worker, page, UNUSED, get_state(worker, page));
		} else if (page->kind == ANONYMOUS) {
			check_usage(worker, page, STABLE, get_state(worker, page));
			check_key(worker, page);
			verify(worker, page);
		} else if (page->flags & CACHED && (!hints || get_page(worker, page))) {
			check_key(worker, page);
			verify(worker, page);
			put_page(worker, page);
		}
		safe_point(worker, i);
	}
}

/* The report */

static uint64_t total(enum counter counter)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpus; cpu++)
		sum += workers[cpu].counts[counter];
	return sum;
}

static void print_errors(struct worker *worker)
{
	while (worker->printed_errors < KEPT_ERRORS && worker->printed_errors < worker->counts[ERRORS]) {
		const struct error *wrong = &worker->errors[worker->printed_errors++];

		print("  FAIL  CPU %u, %s page %08lx, offset %03x: %s: expected %016lx, found %016lx\n",
		      (unsigned)(worker - workers), wrong->kind, wrong->page, wrong->offset, wrong->what, wrong->expected,
		      wrong->found);
	}
}

static void finish_pressure(void) __attribute__((noreturn));
static void finish_pressure(void)
{
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		print_errors(&workers[cpu]);
	print("pages %u\n", page_count);
	for (enum counter counter = 0; counter < COUNTERS; counter++)
		print("%s %lu\n", counter_names[counter], total(counter));
	end(!total(ERRORS));
}

/* This CPU cannot go on. CPU 0 reports it, when the others have ended their work. */
static void fatal(struct worker *worker)
{
	worker->gave_up = true;
	if (worker != &workers[0])
		smp_give_up();
	/* The console takes external interruptions, which must not run on the part of the stack that is in use here. */
	LOWCORE->interruption_stack -= 4096;
	finish_pressure();
}

static void run_phase(const char *name, void (*phase)(unsigned cpu))
{
	smp_run(cpus, phase);
	print("%s: %lu guest reads, %lu again; %lu guest writes; %lu discard faults; %lu errors\n", name,
	      total(GUEST_READS), total(GUEST_REREADS), total(GUEST_WRITES), total(DISCARD_FAULTS), total(ERRORS));
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		print_errors(&workers[cpu]);
		if (workers[cpu].gave_up)
			finish_pressure();
	}
}

/* The beginning */

/* The number after *name* on the command line, or *otherwise*. */
static uint64_t number_option(const char *name, uint64_t otherwise)
{
	for (const char *at = command_line(); *at;) {
		const char *letter = name;
		uint64_t value = 0;

		while (*at == ' ')
			at++;
		for (; *letter && *at == *letter; at++)
			letter++;
		for (; !*letter && *at >= '0' && *at <= '9'; at++)
			value = value * 10 + (*at - '0');
		if (!*letter)
			return value;
		while (*at && *at != ' ')
			at++;
	}
	return otherwise;
}

static void refuse(const char *format, uint64_t number) __attribute__((noreturn));
static void refuse(const char *format, uint64_t number)
{
	print("pressure: ");
	print(format, number);
	print("\n");
	end(false);
}

static bool has_storage_at(uint64_t address)
{
	given[2] = address;
	act(PSW_KERNEL, test_protection);
	return outcome.class == SUPERVISOR_CALL;
}

/* Where storage ends, which is in one piece: found by asking for addresses, in megabytes. */
static uint64_t storage_end(void)
{
	uint64_t inside = 1, outside = OUTSIDE / MEGABYTE;

	while (outside - inside > 1) {
		uint64_t middle = (inside + outside) / 2;

		if (has_storage_at(middle * MEGABYTE))
			inside = middle;
		else
			outside = middle;
	}
	return outside * MEGABYTE;
}

static uint64_t pages_begin(uint64_t table, uint64_t count)
{
	return (table + count * sizeof(struct page) + PAGE - 1) & ~(PAGE - 1);
}

/* Above 1 MB: the areas of the other CPUs, the table of pages, the pages. */
static void lay_out(void)
{
	uint64_t table = MEGABYTE + (cpus - 1) * SMP_AREA, end_of_storage = storage_end();
	uint64_t most = table < end_of_storage ? (end_of_storage - table) / (PAGE + sizeof(struct page)) : 0, count;

	while (most && pages_begin(table, most) + most * PAGE > end_of_storage)
		most--;
	count = number_option("pages=", most);
	if (count > most)
		refuse("there is room for %lu pages only", most);
	if (count < cpus * PAGES_AT_LEAST)
		refuse("there must be at least %lu pages", cpus * PAGES_AT_LEAST);
	pages = (struct page *)table;
	area = pages_begin(table, count);
	page_count = count;
	for (unsigned i = 0; i < page_count; i++)
		pages[i] = (struct page) { .kind = FREE };
}

static bool probe(const char *snippet)
{
	given[2] = area;
	act(PSW_KERNEL, snippet);
	return outcome.class == SUPERVISOR_CALL;
}

static void find_hints(void)
{
	if (command_line_has("hints=off"))
		return;
	hints = probe(essa_get);
	if (!hints && command_line_has("hints=on"))
		refuse("there is no ESSA on this machine", 0);
	/* A page that nobody has touched is discarded as soon as it is volatile. */
	if (hints && probe(essa_volatile)) {
		probe(touch);
		faults = outcome.class == PROGRAM && outcome.code == DISCARD_FAULT;
	}
}

static void set_up_workers(void)
{
	unsigned share = page_count / cpus;

	LOWCORE->new[PROGRAM].address = (uint64_t)program_interruption_stub;
	LOWCORE->new[EXTERNAL].address = (uint64_t)external_interruption_stub;
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		struct worker *worker = &workers[cpu];
		uint64_t prefix_area = cpu ? MEGABYTE + (cpu - 1) * SMP_AREA : 0;

		if (cpu && !smp_prepare(cpu, prefix_area))
			refuse("there is no CPU %lu, or it is not stopped", cpu);
		((struct lowcore *)prefix_area)->cpu_data = (uint64_t)worker;
		worker->first = pages + cpu * share;
		worker->count = cpu == cpus - 1 ? page_count - cpu * share : share;
		worker->random = scramble(seed + 2 * cpu) | 1;
		worker->whims = scramble(seed + 2 * cpu + 1) | 1;
		/* So no two CPUs use the same file. */
		worker->last_inode = cpu << 28;
	}
}

void program(void)
{
	uint64_t rounds = number_option("rounds=", 2);

	seed = scramble(number_option("seed=", 1));
	cpus = number_option("cpus=", 1);
	if (cpus < 1 || cpus > CPUS)
		refuse("1 to %lu CPUs can be used", CPUS);
	lay_out();
	find_hints();
	if (command_line_has("balloon=on")) {
		balloon = start_balloon();
		if (!balloon)
			print("no special messages on this machine: no balloon\n");
	}
	set_up_workers();
	if (balloon)
		set_cr0(get_cr0() | CR0_VMCF);
	print("pressure: %u pages from %08lx on, %u CPUs, %s, balloon %s\n", page_count, area, cpus,
	      !hints ? "no hints" : faults ? "hints with discard faults" : "hints without discard faults",
	      balloon ? "on" : "off");

	run_phase("fill", phase_fill);
	for (uint64_t round = 1; round <= rounds; round++)
		run_phase("round", phase_round);
	run_phase("swap", phase_swap);
	run_phase("verify", phase_verify);
	finish_pressure();
}
