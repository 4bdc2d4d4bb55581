# SPDX-License-Identifier: GPL-2.0-or-later
"""Random streams: the same for a seed, and of what they may have."""

from __future__ import annotations

from emu.isa.opcodes import Opcode
from tools.differential.peers.choice import LEFT_OUT, left_out, usual
from tools.differential.peers.generator import random_stream


def test_a_seed_gives_the_same_stream() -> None:
    assert random_stream(5, usual()) == random_stream(5, usual())
    assert random_stream(5, usual()) != random_stream(6, usual())


def test_what_is_left_out_or_missing_is_in_no_stream() -> None:
    missing = frozenset({Opcode(0x1A)})
    templates = tuple(each for each in usual() if Opcode.of(each) not in missing)
    made = [random_stream(seed, templates, missing) for seed in range(2000)]
    # EXECUTE is made of targets.
    found = frozenset().union(*(each.opcodes() for each in made)) - {Opcode(0x44)}
    assert found.isdisjoint(left_out().keys() | missing)
    assert len(found) > 700


def test_relative_branches_lead_forward_to_an_instruction_or_to_the_end() -> None:
    for seed in range(2000):
        made = random_stream(seed, usual())
        place, places = 0, []
        for each in made.instructions:
            places.append(place)
            place += len(each) // 2
        places.append(place)
        for at, each in zip(places, made.instructions, strict=False):
            code = bytes.fromhex(each)
            if code[0] == 0xA7 and code[1] & 0xF in (4, 5, 6, 7) and not each.startswith("a714ff"):
                assert at + 2 * int.from_bytes(code[2:4], "big") in places[places.index(at) + 1 :]


def test_what_is_processed_in_parts_is_repeated() -> None:
    templates = (bytes.fromhex("b2a60000"), bytes.fromhex("eb000000008e"), bytes.fromhex("18000000"[:4]))
    for seed in range(300):
        codes = random_stream(seed, templates).instructions
        for code, behind in zip(codes, (*codes[1:], ""), strict=True):
            if code.startswith("b2a6"):
                assert behind == "a714fffe"
                assert code[6] != code[7]
            elif code.startswith("eb") and code.endswith("8e"):
                assert behind == "a714fffd"


def test_each_reason_for_leaving_out_has_opcodes() -> None:
    assert all(LEFT_OUT.values())
    assert left_out()[Opcode.parse("B2B2")].startswith("it replaces the PSW")
