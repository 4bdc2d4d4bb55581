/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops for measuring the engine, on the command line: register=N, storage=N, essa=N, any of them, in this order.
 * N is the number of times round, in decimal.
 */
#include "expect.h"
#include "print.h"

#define ROUNDS 100000

void register_loop(uint64_t rounds);
void storage_loop(uint64_t rounds, void *page);
void essa_loop(uint64_t rounds, uint64_t page);

/* The number after *name* on the command line, or -1. */
static long option(const char *name)
{
	for (const char *at = command_line(); *at; at++) {
		const char *letter = name;
		const char *digit = at;
		long value = 0;

		while (*letter && *digit == *letter)
			digit++, letter++;
		if (*letter)
			continue;
		for (; *digit >= '0' && *digit <= '9'; digit++)
			value = value * 10 + (*digit - '0');
		return value;
	}
	return -1;
}

void program(void)
{
	long registers = option("register="), storage = option("storage="), hints = option("essa=");

	if (registers < 0 && storage < 0 && hints < 0)
		registers = storage = ROUNDS;
	if (registers > 0) {
		register_loop(registers);
		print("register loop: %ld times 4 instructions\n", registers);
	}
	if (storage > 0) {
		storage_loop(storage, (void *)fresh_page());
		print("storage loop: %ld times 5 instructions\n", storage);
	}
	if (hints > 0) {
		essa_loop(hints, fresh_page());
		print("ESSA loop: %ld times 3 instructions\n", hints);
	}
	end(true);
}
