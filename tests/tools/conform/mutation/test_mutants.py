# SPDX-License-Identifier: GPL-2.0-or-later
"""Each mutant is the source with one thing in it broken."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace

import pytest

from tools.conform.mutation.mutants import ROOT, RULES, mutants_of


@pytest.mark.parametrize("file", RULES)
def test_each_is_another_source_that_can_be_read(file: str) -> None:
    found = mutants_of(file)
    whole = ast.unparse(ast.parse((ROOT / file).read_text()))
    assert ast.unparse(replace(found[0], number=None).tree) == whole
    some = found[:: len(found) // 6 + 1]
    sources = [ast.unparse(each.tree) for each in some]
    assert len({*sources, whole}) == len(sources) + 1 > 3
    for each, source in zip(some, sources, strict=True):
        ast.parse(source)
        assert each.lines[0] == each.line <= each.lines[1]
        assert each.around[0] <= each.lines[0]
        assert each.lines[1] <= each.around[1]


def test_every_cell_of_the_tables_of_transitions_is_broken() -> None:
    found = [each for each in mutants_of("emu/page_states.py") if " and request " in each.what]
    # 8 and 12 states by 8 requests; of cells with two states both stay as they are.
    tables = Counter(each.what.partition(",")[0] for each in found)
    assert tables == {"_ZVM_TABLE": 8 * 8 - 1, "_KVM_TABLE": 12 * 8 - 4}
    assert "_ZVM_TABLE, Vz and request 6: Vz -> Sr" in {each.what for each in found}


def test_what_is_broken() -> None:
    words = {each.function + ": " + each.what for each in mutants_of("emu/prefixing.py")}
    assert any("real_to_absolute" in each for each in words)
    pfmf = [each.what for each in mutants_of("emu/isa/storage_key_instructions.py") if each.function == "tprot"]
    assert any(each.endswith("-> pass") for each in pfmf)
