/* SPDX-License-Identifier: GPL-2.0-or-later */
	.text
	.cfi_sections .debug_frame

/* The loops do not depend on where they are: a benchmark may run the same bytes elsewhere. GR2 is the count. */
	.balign	256
	.globl	register_loop
register_loop:
	.cfi_startproc
	lghi	%r3, 0
	lghi	%r4, 1
0:	agr	%r3, %r4
	xgr	%r4, %r3
	lgr	%r5, %r3
	brctg	%r2, 0b
	br	%r14
	.cfi_endproc

/* A doubleword of the page that GR3 holds is loaded, added to and stored back. */
	.balign	256
	.globl	storage_loop
storage_loop:
	.cfi_startproc
	lghi	%r1, 0
0:	lg	%r4, 0(%r1, %r3)
	aghi	%r4, 1
	stg	%r4, 0(%r1, %r3)
	lgr	%r5, %r4
	brctg	%r2, 0b
	br	%r14
	.cfi_endproc

/* Set volatile and set stable in turn, on the page that GR3 holds. */
	.balign	256
	.globl	essa_loop
essa_loop:
	.cfi_startproc
0:	.insn	rrf, 0xb9ab0000, %r4, %r3, 3, 0
	.insn	rrf, 0xb9ab0000, %r4, %r3, 1, 0
	brctg	%r2, 0b
	br	%r14
	.cfi_endproc
