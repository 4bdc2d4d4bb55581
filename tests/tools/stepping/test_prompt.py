# SPDX-License-Identifier: GPL-2.0-or-later
"""The prompt: completion, and lines as a user types them at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import SymbolTable
from tests.tools.stepping.conftest import Typist
from tools.stepping import lines  # noqa: F401 - fills the table of commands
from tools.stepping.prompt import CommandCompleter, Prompt


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    """A terminal, whose keys are typed here."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def completions(typist: Typist, text: str) -> list[str]:
    completer = CommandCompleter(typist.session)
    return [each.text for each in completer.get_completions(Document(text), CompleteEvent())]


def test_commands_are_completed(typist: Typist) -> None:
    assert completions(typist, "low") == ["lowcore"]
    assert completions(typist, "s; snap") == ["snapshot"]
    assert {"b", "b-", "bt", "break"} <= set(completions(typist, "b"))


def test_words_and_symbols_are_completed(typist: Typist) -> None:
    typist.session.symbols = SymbolTable(
        [SymbolFile("x", [Symbol(0x10000, "page_fault", 4), Symbol(0x10004, "puts", 4)])]
    )
    assert completions(typist, "b pa") == ["page", "page_fault"]
    assert completions(typist, "break pu") == ["puts"]
    assert completions(typist, "inject pro") == ["program"]
    assert completions(typist, "pend int") == ["interrupt-key"]


def test_a_line_is_typed_edited_and_remembered(typist: Typist, keys: PipeInput, tmp_path: Path) -> None:
    prompt = Prompt(typist.session, "essa> ")
    keys.send_text("pswx\x7f\r")
    assert prompt.read() == "psw"
    keys.send_text("\x1b[A\r")
    assert prompt.read() == "psw", "the arrow up gives the line before"
    history = tmp_path / "page-hinting-machine" / "step-history"
    assert "+psw" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


def test_control_c_begins_a_line_anew_and_control_d_ends(typist: Typist, keys: PipeInput) -> None:
    prompt = Prompt(typist.session, "essa> ")
    keys.send_text("frob\x03gpr\r")
    assert prompt.read() == "gpr"
    keys.send_text("\x04")
    assert prompt.read() is None


def test_where_no_history_can_be_kept(typist: Typist, keys: PipeInput, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    prompt = Prompt(typist.session, "essa> ")
    keys.send_text("s\r")
    assert prompt.read() == "s"
