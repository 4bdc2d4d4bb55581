"""Imports every file of instruction functions, and so fills :data:`emu.isa.declaration.INSTRUCTIONS`."""

from __future__ import annotations

from emu.isa import channel  # noqa: F401
from emu.isa import clock  # noqa: F401
from emu.isa import diagnose  # noqa: F401
from emu.isa import page_hinting  # noqa: F401
from emu.isa import servc  # noqa: F401
from emu.isa import signaling  # noqa: F401
from emu.isa import storage_key_instructions  # noqa: F401
from emu.isa import system_information  # noqa: F401
from emu.isa import translation  # noqa: F401
from emu.isa.corrections import relative_branch  # noqa: F401
from emu.isa.corrections import relative_storage  # noqa: F401
