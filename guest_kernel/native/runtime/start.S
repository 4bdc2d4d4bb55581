/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lowcore.h"

	.include "frames.inc"

/* Entered in the 64-bit addressing mode, supervisor state, disabled, DAT off; no register holds anything of use. */
	.section .head, "ax"
	.globl	start
start:
	.cfi_startproc
	.cfi_undefined %r14
	larl	%r15, stack_end
	aghi	%r15, -160
	xc	0(8, %r15), 0(%r15)
	brasl	%r14, start_program
	j	.
	.cfi_endproc

	.text

/*
 * The first instructions of an interruption: save the registers, which needs none of them, and call
 * interruption(class, registers, old PSW). It returns only if the interrupted program is to go on.
 */
	.macro	stub name, class, registers, old
	.balign	8
	.globl	\name
\name:
	stmg	%r0, %r15, \registers
	lg	%r15, INTERRUPTION_STACK
	lghi	%r2, \class
	lghi	%r3, \registers
	lghi	%r4, \old
	brasl	%r14, interruption
	lmg	%r0, %r15, \registers
	lpswe	\old
	interruption_frame \name, \registers, \old
	.endm

	stub	restart_stub, 0, RESTART_REGISTERS, RESTART_OLD_PSW
	stub	external_stub, 1, EXTERNAL_REGISTERS, EXTERNAL_OLD_PSW
	stub	svc_stub, 2, SVC_REGISTERS, SVC_OLD_PSW
	stub	program_stub, 3, PROGRAM_REGISTERS, PROGRAM_OLD_PSW
	stub	machine_check_stub, 4, MACHINE_CHECK_REGISTERS, MACHINE_CHECK_OLD_PSW
	stub	io_stub, 5, IO_REGISTERS, IO_OLD_PSW

/*
 * Give the CPU over to the PSW and the registers of the attempt. The next interruption brings it back, by way of
 * leave_attempt, as if this function returned; whatever ran in between cannot have touched the caller's registers.
 */
	.balign	8
	.globl	enter_attempt
enter_attempt:
	.cfi_startproc
	stmg	%r6, %r15, 48(%r15)
	saved_by_caller
	stg	%r15, ATTEMPT_STACK
	attempt_frame ATTEMPT_STACK
	lmg	%r0, %r15, ATTEMPT_REGISTERS
	lpswe	ATTEMPT_PSW

	.globl	leave_attempt
leave_attempt:
	lg	%r15, ATTEMPT_STACK
	lmg	%r6, %r15, 48(%r15)
	.cfi_def_cfa %r15, 160
	.irp	number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.cfi_same_value \number
	.endr
	br	%r14
	.cfi_endproc

	.section .bss
	.balign	8
	.skip	16384
	.globl	stack_end
stack_end:
	.skip	8192
	.globl	interruption_stack_end
interruption_stack_end:
