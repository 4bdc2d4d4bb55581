# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines of the rules cases execute."""

from __future__ import annotations

import inspect

from emu import pending
from emu.isa import storage_key_instructions
from tools.conform.architecture.collection import read_cases
from tools.conform.mutation.exercise import exercise

FILE = "emu/isa/storage_key_instructions.py"
PENDING = "emu/pending.py"
RESET, INSERT = "storage-keys/reset-reference-4", "storage-keys/set-and-insert-10"


def lines_of(function: object, file: str = FILE) -> set[tuple[str, int]]:
    lines, first = inspect.getsourcelines(function)  # type: ignore[arg-type]
    return {(file, number) for number in range(first, first + len(lines))}


def test_lines_of_cases_and_of_loading() -> None:
    cases = {name: case for name, case in read_cases().items() if name in (RESET, INSERT)}
    found = exercise(cases, (FILE, "emu/dat.py"), jobs=1)
    assert found is not None
    assert found.cases.keys() == cases.keys()
    assert found.cases[RESET].lines & lines_of(storage_key_instructions.rrbe)
    assert not found.cases[INSERT].lines & lines_of(storage_key_instructions.rrbe)
    assert found.cases[INSERT].lines & lines_of(storage_key_instructions.iske)
    assert not any(file == "emu/dat.py" for each in found.cases.values() for file, _ in each.lines)
    # The table of the request codes, and the line of a function's name, but not what is in it.
    first = min(lines_of(storage_key_instructions._real_page))[1]
    assert (FILE, first) in found.at_loading
    assert not {line for line in lines_of(storage_key_instructions._real_page) if line[1] > first} & found.at_loading
    assert any(file == "emu/dat.py" for file, _ in found.at_loading)


def test_lines_of_a_free_run() -> None:
    found = exercise({RESET: read_cases()[RESET]}, (PENDING,), jobs=1)
    assert found is not None
    # How far it may go before it looks at the CPU again, which each step does.
    asked = lines_of(pending.quiet_units, PENDING)
    assert found.cases[RESET].free_lines & asked
    assert not found.cases[RESET].lines & asked
