# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports every file of instruction functions, and so fills :data:`emu.isa.declaration.INSTRUCTIONS`."""

from __future__ import annotations

from emu.isa import access_registers  # noqa: F401
from emu.isa import branch_and_set_authority  # noqa: F401
from emu.isa import channel  # noqa: F401
from emu.isa import clock  # noqa: F401
from emu.isa import compare_until_substring_equal  # noqa: F401
from emu.isa import compression  # noqa: F401
from emu.isa import control_registers  # noqa: F401
from emu.isa import diagnose  # noqa: F401
from emu.isa import key_moves  # noqa: F401
from emu.isa import load_address_space_parameters  # noqa: F401
from emu.isa import load_multiple_disjoint  # noqa: F401
from emu.isa import mode_switching  # noqa: F401
from emu.isa import page_hinting  # noqa: F401
from emu.isa import perform_locked_operation  # noqa: F401
from emu.isa import program_status  # noqa: F401
from emu.isa import resume_program  # noqa: F401
from emu.isa import servc  # noqa: F401
from emu.isa import signaling  # noqa: F401
from emu.isa import sorting  # noqa: F401
from emu.isa import storage_key_instructions  # noqa: F401
from emu.isa import system_information  # noqa: F401
from emu.isa import translate_and_test_extended  # noqa: F401
from emu.isa import translation  # noqa: F401
from emu.isa import trap  # noqa: F401
from emu.isa.corrections import addressing_mode  # noqa: F401
from emu.isa.corrections import checksum  # noqa: F401
from emu.isa.corrections import compare_and_swap_and_store  # noqa: F401
from emu.isa.corrections import compare_double_and_swap  # noqa: F401
from emu.isa.corrections import compare_under_mask  # noqa: F401
from emu.isa.corrections import convert_decimal  # noqa: F401
from emu.isa.corrections import decimal_arithmetic  # noqa: F401
from emu.isa.corrections import divide  # noqa: F401
from emu.isa.corrections import floating_conversion  # noqa: F401
from emu.isa.corrections import floating_load  # noqa: F401
from emu.isa.corrections import floating_multiply  # noqa: F401
from emu.isa.corrections import floating_square_root  # noqa: F401
from emu.isa.corrections import interlocked  # noqa: F401
from emu.isa.corrections import linkage  # noqa: F401
from emu.isa.corrections import load  # noqa: F401
from emu.isa.corrections import load_pair_disjoint  # noqa: F401
from emu.isa.corrections import not_installed  # noqa: F401
from emu.isa.corrections import packing  # noqa: F401
from emu.isa.corrections import program_mask  # noqa: F401
from emu.isa.corrections import relative_branch  # noqa: F401
from emu.isa.corrections import relative_storage  # noqa: F401
from emu.isa.corrections import rotate  # noqa: F401
from emu.isa.corrections import store_high  # noqa: F401
from emu.isa.corrections import store_on_condition  # noqa: F401
from emu.isa.corrections import string  # noqa: F401
from emu.isa.corrections import translate  # noqa: F401
from emu.isa.corrections import translate_and_test  # noqa: F401
from emu.isa.corrections import unicode  # noqa: F401
