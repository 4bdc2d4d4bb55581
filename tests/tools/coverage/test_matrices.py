# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrices have what the manual and the reference have."""

from __future__ import annotations

from emu import page_states as states
from emu.isa.signaling import Order
from tools.coverage.matrices import MATRICES, code_name, expected_cells
from tools.reports.trace_lines import request_name

BY_NAME = {matrix.name: matrix for matrix in MATRICES}


def test_cells_have_a_word_for_each_axis() -> None:
    for matrix in MATRICES:
        cells = expected_cells(matrix)
        assert cells
        assert all(len(cell) == len(matrix.axes) for cell in cells)


def test_every_request_in_every_state_of_the_reference() -> None:
    cells = expected_cells(BY_NAME["page hinting"])
    # Tables 1.4 and 6.4: 8 and 12 states, 8 requests; with no-DAT three of these.
    assert len(cells) == (8 + 12) * (8 + 3)
    assert ("zvm", "Pp", "get state") not in cells
    assert ("kvm", "Pp", "set stable if not discarded") in cells


def test_instructions_are_those_that_are_executed_here() -> None:
    names = {name for name, _ in expected_cells(BY_NAME["instructions"])}
    assert {"ESSA", "LGHI", "VL", "MVCL", "SIE"} - names == {"SIE"}


def test_translation_exceptions_are_of_virtual_addresses() -> None:
    cells = expected_cells(BY_NAME["program interruptions"])
    assert ("page translation", "real", "fetch", "free") not in cells
    assert ("discard fault", "real", "instruction fetch", "stepped") in cells
    assert len(expected_cells(BY_NAME["translation"])) == 6 * 3
    assert len(expected_cells(BY_NAME["SIGNAL PROCESSOR"])) == len(Order)


def test_names() -> None:
    assert code_name(0x1A) == "discard fault"
    assert code_name(0x7E) == "code 0x007e"
    assert [request_name(each) for each in states.OperationRequest][:2] == ["get state", "set stable"]
