# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of a trace: what machines that run do not soon come to; the rest is in test_trace.py."""

from __future__ import annotations

import pytest

from emu.traces.schema import Register
from tools.reports.trace_lines import content_text, interruption_name, register_texts, store_text


def test_vector_register_is_shown_whole_once_its_right_half_changes() -> None:
    first = Register.VECTOR
    after = {first + 2: 1, first + 3: 2, first + 4: 3, first + 32: 4}
    changes = {register: (0, value) for register, value in after.items()}
    assert list(register_texts(changes, {first + 33: 7}.__getitem__)) == [
        f"vr1={1:016x}{2:016x}",
        f"fr2={3:016x}",
        f"vr16={4:016x}{7:016x}",
    ]


def test_a_long_store_is_cut() -> None:
    assert store_text(0x1000, bytes(2), b"\x12\x34") == "[1000]=0000->1234"
    assert content_text(bytes(16)) == "00" * 16
    assert content_text(bytes(17)) == "00" * 16 + "..(17)"


@pytest.mark.parametrize(
    ("code", "name"),
    ((0x11, "page translation"), (0x80, "PER event"), (0x91, "page translation, PER event"), (0x7F, "unknown")),
)
def test_the_name_of_a_program_interruption(code: int, name: str) -> None:
    assert interruption_name(code) == name
