# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts: kernel code as generators that can be suspended between any two of its effects on the machine.

A script *yields* what it wants done, an :class:`Operation`, and gets the result when it goes on.  It has been suspended
before the operation is carried out; so whoever runs several scripts, one for each CPU, can lay out an interleaving on
purpose.  Kernel functions call each other with ``yield from``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.processor import KernelProcessor

_T = TypeVar("_T")


class Operation:
    """Something that a script wants done on its CPU; most are instructions."""

    __slots__ = ()

    def execute(self, processor: KernelProcessor) -> Any:
        """Do it on *processor*; what it gives is the value of the script's ``yield``."""
        raise NotImplementedError


Script = Generator[Operation, Any, _T]
"""Kernel code that returns a value of this type."""


@dataclass(frozen=True, slots=True)
class Place(Operation):
    """A place in the code at which nothing is done, named for those who lay out interleavings."""

    name: str

    def execute(self, processor: KernelProcessor) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Relax(Operation):
    """One round of busy waiting: another CPU has to go on before this one can."""

    reason: str

    def execute(self, processor: KernelProcessor) -> None:
        """Nothing; the scheduler lets another CPU go on."""
