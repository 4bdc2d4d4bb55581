# SPDX-License-Identifier: GPL-2.0-or-later
"""The back chain of the stack."""

from __future__ import annotations

import pytest

from emu.symbols.back_trace import BackTrace, StackFrame, back_trace
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import NO_SYMBOLS, SymbolTable

TABLE = SymbolTable(
    [SymbolFile("a.elf", [Symbol(0x100, "inner", 0x20), Symbol(0x200, "middle", 0x20), Symbol(0x300, "outer", 0x20)])]
)
CHAIN = {
    0x8000: 0x8100,
    0x8100: 0x8200,
    0x8100 + 112: 0x206,
    0x8200: 0,
    0x8200 + 112: 0x320,
}
"""Two callers: register 15 is 0x8000 in the innermost."""


def trace(
    storage: dict[int, int],
    pc: int = 0x10A,
    r14: int = 0x104,
    r15: int = 0x8000,
    table: SymbolTable = TABLE,
    **options: int,
) -> BackTrace:
    def read(address: int, length: int) -> bytes | None:
        assert length == (6 if address == pc else 8)
        return storage[address].to_bytes(length, "big") if address in storage else None

    return back_trace(pc, r14, r15, read, table, **options)


def addresses(found: BackTrace) -> list[int]:
    return [frame.address for frame in found.frames]


def test_the_return_addresses_are_those_that_callees_saved() -> None:
    found = trace(CHAIN)
    assert found == BackTrace(
        (StackFrame(0x10A, 0x8000, False), StackFrame(0x206, 0x8100, True), StackFrame(0x320, 0x8200, True)), ""
    )


def test_each_frame_is_a_line() -> None:
    assert trace(CHAIN).lines(TABLE) == [
        "#0  000000000000010a <inner+0xa>",
        "#1  0000000000000206 <middle+0x6>",
        # The call was the last instruction of the function.
        "#2  0000000000000320 <outer+0x20>",
    ]
    assert trace(CHAIN).lines(NO_SYMBOLS)[0] == "#0  000000000000010a"


def test_a_function_without_a_frame_yet_returns_to_register_14() -> None:
    # At the entry of inner, register 15 is still that of its caller.
    assert addresses(trace(CHAIN, pc=0x100, r14=0x206, r15=0x8100)) == [0x100, 0x206, 0x320]


def test_at_its_entry_a_function_that_has_called_itself_returns_to_register_14() -> None:
    assert addresses(trace(CHAIN, pc=0x100, r14=0x106, r15=0x8100)) == [0x100, 0x106, 0x320]


def test_without_symbols_the_entry_is_where_registers_are_saved() -> None:
    # STMG 6,15,48(15)
    at_entry = CHAIN | {0x100: 0xEB6FF0300024}
    assert addresses(trace(at_entry, pc=0x100, r14=0x206, r15=0x8100, table=NO_SYMBOLS)) == [0x100, 0x206, 0x320]
    # Elsewhere nothing says that register 14 is of any use.
    assert addresses(trace(CHAIN, pc=0x100, r14=0x206, r15=0x8100, table=NO_SYMBOLS)) == [0x100, 0x320]


def test_a_return_address_that_was_just_saved_is_there_once() -> None:
    # Inner has made its frame, and has called nothing: register 14 is what it has saved.
    assert addresses(trace(CHAIN, pc=0x108, r14=0x206)) == [0x108, 0x206, 0x320]


@pytest.mark.parametrize(
    ("changed", "end"),
    (
        ({0x8000: None}, "the back chain at 0x8000 cannot be read"),
        ({0x8000: 0x8101}, "no frame is at 0x8101, where the back chain leads"),
        ({0x8100 + 112: None}, "no frame is at 0x8100, where the back chain leads"),
        ({0x8100 + 112: 0x207}, "no frame is at 0x8100, where the back chain leads"),
        ({0x8200: 0x8000}, "the back chain leads in a circle, back to 0x8000"),
        ({0x8000: 0x8000}, "the back chain leads in a circle, back to 0x8000"),
    ),
)
def test_rubbish_ends_it(changed: dict[int, int | None], end: str) -> None:
    storage = {address: value for address, value in {**CHAIN, **changed}.items() if value is not None}
    found = trace(storage)
    assert found.end == end
    assert found.frames[0].address == 0x10A
    assert found.lines(TABLE)[-1] == f"({end})"


def test_a_register_that_is_no_stack_pointer() -> None:
    assert trace(CHAIN, r15=0x8001).end == "no frame is at 0x8001, which is not a multiple of 8"


def test_a_packed_stack_is_followed_as_well() -> None:
    """The offsets are those that Linux for s390 has: its frame ends with the back chain, behind the ten registers."""
    packed = {
        0x8000 + 152: 0x8100,
        0x8100 + 152: 0x8200,
        0x8100 + 136: 0x206,
        0x8200 + 152: 0,
        0x8200 + 136: 0x320,
        # What lies where the ABI has the chain leads nowhere.
        0x8000: 0x1234,
    }
    assert addresses(trace(packed)) == [0x10A, 0x206, 0x320]
    assert trace(packed).end == ""


def test_an_endless_chain_ends() -> None:
    storage = {0x8000 + 0x100 * number: 0x8100 + 0x100 * number for number in range(1000)}
    storage |= {0x8000 + 0x100 * number + 112: 0x206 for number in range(1000)}
    found = trace(storage)
    assert len(found.frames) == 64
    assert found.end == "there may be more than 64 frames"
    assert len(trace(storage, most=3).frames) == 3


def test_register_14_zero_or_odd_is_no_return_address() -> None:
    assert addresses(trace(CHAIN, r14=0)) == [0x10A, 0x206, 0x320]
    assert addresses(trace(CHAIN, r14=0x205)) == [0x10A, 0x206, 0x320]
