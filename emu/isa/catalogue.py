"""Imports every file of instruction functions, and so fills :data:`emu.isa.declaration.INSTRUCTIONS`."""

from __future__ import annotations
