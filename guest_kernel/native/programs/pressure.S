/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lowcore.h"

	.include "frames.inc"

	.text

/*
 * The accesses to pages that may have been discarded. Each instruction here with a storage operand may meet a discard
 * fault and be executed again, so the handler takes faults between these two labels, and nowhere else.
 */
	.balign	8
	.globl	direct_accesses
direct_accesses:

/*
 * Compare 4 * GR5 doublewords from GR2 on with GR3, GR3 + GR4, GR3 + 2 * GR4 and so on; give the address of the first
 * that is different, or zero.
 */
	.globl	compare_doublewords
compare_doublewords:
	.cfi_startproc
0:	cg	%r3, 0(%r2)
	jne	4f
	agr	%r3, %r4
	cg	%r3, 8(%r2)
	jne	3f
	agr	%r3, %r4
	cg	%r3, 16(%r2)
	jne	2f
	agr	%r3, %r4
	cg	%r3, 24(%r2)
	jne	1f
	agr	%r3, %r4
	aghi	%r2, 32
	brctg	%r5, 0b
	lghi	%r2, 0
	br	%r14
1:	aghi	%r2, 8
2:	aghi	%r2, 8
3:	aghi	%r2, 8
4:	br	%r14
	.cfi_endproc

/* Store the same row of doublewords. */
	.globl	fill_doublewords
fill_doublewords:
	.cfi_startproc
0:	stg	%r3, 0(%r2)
	agr	%r3, %r4
	stg	%r3, 8(%r2)
	agr	%r3, %r4
	stg	%r3, 16(%r2)
	agr	%r3, %r4
	stg	%r3, 24(%r2)
	agr	%r3, %r4
	aghi	%r2, 32
	brctg	%r5, 0b
	br	%r14
	.cfi_endproc

/* The target of the load is its own base: it must not have changed when the load is executed again. */
	.globl	load_doubleword
load_doubleword:
	.cfi_startproc
	lg	%r2, 0(%r2)
	br	%r14
	.cfi_endproc

	.globl	store_doubleword
store_doubleword:
	.cfi_startproc
	stg	%r3, 0(%r2)
	br	%r14
	.cfi_endproc

/* Copy 256 * GR4 bytes from GR3 to GR2. */
	.globl	copy_blocks
copy_blocks:
	.cfi_startproc
0:	mvc	0(256, %r2), 0(%r3)
	aghi	%r2, 256
	aghi	%r3, 256
	brctg	%r4, 0b
	br	%r14
	.cfi_endproc

	.globl	direct_accesses_end
direct_accesses_end:

	.macro	stub name, registers, old
	.balign	8
	.globl	\name\()_stub
\name\()_stub:
	stmg	%r0, %r15, \registers
	lg	%r15, INTERRUPTION_STACK
	lghi	%r2, \registers
	lghi	%r3, \old
	brasl	%r14, \name
	lmg	%r0, %r15, \registers
	lpswe	\old
	interruption_frame \name\()_stub, \registers, \old
	.endm

	stub	program_interruption, PROGRAM_REGISTERS, PROGRAM_OLD_PSW
	stub	external_interruption, EXTERNAL_REGISTERS, EXTERNAL_OLD_PSW
