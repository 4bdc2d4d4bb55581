# SPDX-License-Identifier: GPL-2.0-or-later
"""The help: it names every command, at any width."""

from __future__ import annotations

import pytest

from tests.tools.stepping.conftest import Typist
from tools.stepping.commands import COMMANDS, TOPICS
from tools.stepping.help_command import help_lines


@pytest.mark.parametrize("width", (60, 80, 120))
def test_it_names_every_command_and_fits(width: int) -> None:
    lines = list(help_lines(width))
    assert max(map(len, lines)) <= width
    for declared in COMMANDS.values():
        assert any(line.split(" ")[0] == declared.name for line in lines), declared.name
        assert declared.topic in TOPICS


def test_one_command(typist: Typist) -> None:
    assert typist("help s") == typist("? stepi")
    assert "(also: stepi, si, step)" in " ".join(" ".join(typist("help s")).split())


def test_stops_have_a_help_of_their_own(typist: Typist) -> None:
    typist.stepper.width = 60
    lines = typist("help b")
    assert any(line.startswith("b page ADDR|any [STATE]") for line in lines)
    assert max(map(len, lines)) <= 60
