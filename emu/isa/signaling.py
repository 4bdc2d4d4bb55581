"""SIGNAL PROCESSOR and what belongs to it (PoP chapter 4, "CPU Signaling and Response")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.cpu import Cpu


def store_status(cpu: Cpu, address: int) -> None:
    """Store the status of *cpu* at absolute *address*."""
