# SPDX-License-Identifier: GPL-2.0-or-later
"""What the READMEs say can be tried: their transcripts, the options that they name, and the files that they link to."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click
import pytest

from tests.support.command import ROOT, essa, subcommands
from tools.benchmarks.__main__ import make_parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READMES: Final = sorted(
    path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
_SIDE_BY_SIDE: Final = "essa run seed"
_PROMPT: Final = "essa> "
_BOX: Final = re.compile(r"[─-╿]")
_TOO_LONG: Final = frozenset({"essa compare seed-pressure"})
"""Six runs of half a minute each."""
# Options of other programs, of modules of this one, and of its checks.
_FOREIGN: Final = frozenset({"--strict", "--group", "--long", "--replay"})


@dataclass(frozen=True, slots=True)
class Transcript:
    """A command as a README shows it, what is typed at its prompts, and what it prints."""

    command: str
    typed: str
    shown: tuple[str, ...]


def _transcripts(readme: Path) -> list[Transcript]:
    found: list[Transcript] = []
    for block in re.findall(r"(?:^ {4}.*\n)+", readme.read_text(encoding="utf-8"), re.MULTILINE):
        for part in re.split(r"^ {4}\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = (line.removeprefix("    ") for line in part.splitlines())
            typed = "".join(line.removeprefix(_PROMPT) + "\n" for line in lines if line.startswith(_PROMPT))
            shown = tuple(line for line in lines if not line.startswith(_PROMPT))
            found.append(Transcript(command, typed, shown))
    return found


def _words(line: str) -> str:
    """A line without the frames of tables, and with one space where there were several."""
    return " ".join(_BOX.sub(" ", line).split())


_TRANSCRIPTS: Final = [
    each for path in _READMES for each in _transcripts(path) if each.command.startswith("essa ") and each.shown
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "transcript",
    [each for each in _TRANSCRIPTS if each.command not in _TOO_LONG | {_SIDE_BY_SIDE}],
    ids=lambda each: each.command,
)
def test_transcript_is_what_the_command_prints(transcript: Transcript) -> None:
    done = essa(*shlex.split(transcript.command)[1:], stdin=transcript.typed)
    printed = iter(_words(line) for line in done.stdout.splitlines())
    for line in transcript.shown:
        # In this order; a README leaves lines out.
        assert _words(line) in printed, line


@pytest.mark.timeout(600)
def test_tables_of_the_experiment_side_by_side() -> None:
    transcript = next(each for each in _TRANSCRIPTS if each.command == _SIDE_BY_SIDE)
    printed = essa(*shlex.split(transcript.command)[1:]).stdout.splitlines()
    for column in (0, 1):
        rest = iter(_words(line) for line in printed)
        for line in transcript.shown:
            assert _words(re.split(r" {8,}", line)[column]) in rest, line


def _commands() -> Iterator[click.Command]:
    """All subcommands, and those of groups among them."""
    for command in subcommands().values():
        yield command
        if isinstance(command, click.Group):
            yield from command.commands.values()


@pytest.mark.parametrize("readme", _READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_options_exist(readme: Path) -> None:
    known = {flag for command in _commands() for each in command.params for flag in each.opts}
    known |= {flag for action in make_parser()._actions for flag in action.option_strings}
    named = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*(?![\w-])", readme.read_text(encoding="utf-8")))
    assert named - known - _FOREIGN - {"--version", "--help"} == set()


@pytest.mark.parametrize("readme", _READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(readme: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", readme.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (readme.parent / target).exists(), target
