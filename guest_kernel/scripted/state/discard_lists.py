# SPDX-License-Identifier: GPL-2.0-or-later
"""Discarded pages that must not be used again yet (patch 6, reference 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from guest_kernel.scripted.state.mm_types import Page


class DiscardLists:
    """The three stages: a list of each CPU, the gather list, and the sign-off list with the CPUs still to sign."""

    def __init__(self, cpus: int) -> None:
        self.per_cpu: list[list[Page]] = [[] for _ in range(cpus)]
        self.gather: list[Page] = []
        self.signoff: list[Page] = []
        self.mask: set[int] = set()
        """CPUs that have not signed the sign-off list yet."""

    def sign(self, cpu: int, busy: AbstractSet[int]) -> list[Page]:
        """Note that *cpu* is enabled; return the pages that every CPU has signed now.

        :param busy: the CPUs that have to sign what is gathered next.
        """
        self.gather += self.per_cpu[cpu]
        self.per_cpu[cpu].clear()
        self.mask.discard(cpu)
        if self.mask:
            return []
        signed, self.signoff, self.gather = self.signoff, self.gather, []
        if self.signoff:
            self.mask = set(busy - {cpu})
        return signed
