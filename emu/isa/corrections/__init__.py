# SPDX-License-Identifier: GPL-2.0-or-later
"""General instructions that the engine lacks or executes wrongly (Unicorn 2.1.4, which is QEMU 5.0 underneath).

Each file says what is wrong with its subject.  Where only some forms of an instruction are wrong, its declaration has
``only``, and the engine executes the other forms itself.

What can be mended in the engine itself is mended there (:mod:`emu.engine.quirks`).  What is known to be wrong and is
not corrected, because the instruction is everywhere:

* The inline XC of an operand of up to 32 bytes with itself may have stored its first bytes when a later page is
  refused; executing it again stores the same.
"""
