# SPDX-License-Identifier: GPL-2.0-or-later
"""What stops the kernel: an assertion that does not hold, or an instruction that ends in an interruption."""

from __future__ import annotations


class KernelBug(Exception):  # noqa: N818 - the kernel's word for it
    """An assertion of the kernel does not hold: what BUG_ON stops in Linux."""


class ProgramCheck(KernelBug):
    """An instruction of the kernel ended in a program interruption; a script that expects it may catch it."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
