# SPDX-License-Identifier: GPL-2.0-or-later
"""General instructions that the engine lacks or executes wrongly (Unicorn 2.1.4, which is QEMU 5.0 underneath).

Each file says what is wrong with its subject.  Where only some forms of an instruction are wrong, its declaration has
``only``, and the engine executes the other forms itself.

What is known to be wrong and is not corrected, because it depends on data and the instructions are everywhere, or
because the engine gives no occasion:

* STM, STMG, STCM and the inline XC of up to 32 bytes may have stored their first bytes when a later page is refused;
  executing them again stores the same.
"""
