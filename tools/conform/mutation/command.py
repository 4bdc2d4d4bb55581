# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform mutation``: rules are broken one at a time, and who notices is told."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import msgspec

from emu.input_files.near_names import did_you_mean
from emu.input_files.reading import read_whole
from tools.conform.architecture.collection import DIRECTORY
from tools.conform.mutation.campaign import Explained, MutationRecord, run_mutants
from tools.conform.mutation.mutants import RULES, mutants_of
from tools.conform.mutation.survivors import read_survivors
from tools.conform.run import INTERRUPTED
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.conform.mutation.campaign import MutantResult
    from tools.conform.mutation.mutants import Mutant
    from tools.conform.mutation.options import MutationOptions

SURVIVORS = DIRECTORY / "survivors.toml"


def run_mutation(wanted: MutationOptions) -> int:
    """Break what is *wanted*; the exit status is 1 if something survives that is not explained.

    :raises UsageError: naming the option that is wrong.
    """
    explained = read_survivors(SURVIVORS if wanted.explained is None else Path(wanted.explained))
    mutants = _chosen(wanted)
    record = MutationRecord() if wanted.results is None else _read(Path(wanted.results))

    def ended(result: MutantResult) -> None:
        print(_line(result, explained), flush=True)
        if wanted.results is not None:
            _write(Path(wanted.results), record)

    reasons = Explained(explained, wanted.nearest or None)
    found = run_mutants(mutants, record, explained=reasons, jobs=wanted.jobs, ended=ended)
    if wanted.results is not None:
        _write(Path(wanted.results), record)
    survivors = [each for each in found if each.noticed_by is None]
    unexplained = [each for each in survivors if each.name not in explained]
    bounded = sum(each.is_bounded for each in survivors)
    print(
        f"{len(found) - len(survivors)} of {len(found)} noticed, {len(survivors) - len(unexplained)} explained"
        + (f" ({bounded} of them held against the nearest {wanted.nearest} runs only)" if bounded else "")
    )
    for each in sorted(unexplained, key=lambda each: (each.name, each.line)):
        print(f"survives: {each.name} (line {each.line}, {_reached(each)})")
    if len(found) < len(mutants):
        print(f"interrupted: {len(mutants) - len(found)} have not been run")
        return INTERRUPTED
    return 1 if unexplained else 0


def _reached(result: MutantResult) -> str:
    return f"executed by {result.reached_by} cases" if result.reached_by else "no case executes it"


def _chosen(wanted: MutationOptions) -> list[Mutant]:
    for file in wanted.only:
        if file not in RULES:
            raise UsageError(f"--only: expected one of {', '.join(RULES)}, not {file!r}{did_you_mean(file, RULES)}")
    found = [mutant for file in wanted.only or RULES for mutant in mutants_of(file)]
    if wanted.sample is not None and wanted.sample < len(found):
        found = Random(wanted.seed).sample(found, wanted.sample)
    return found


def _line(result: MutantResult, explained: dict[str, str]) -> str:
    if result.noticed_by is not None:
        return f"NOTICED   {result.name}: {result.noticed_by}"
    if result.name in explained:
        return f"EXPLAINED {result.name}: {explained[result.name]}"
    return f"SURVIVES  {result.name}: {_reached(result)}"


def _read(path: Path) -> MutationRecord:
    if not path.exists():
        return MutationRecord()
    try:
        return msgspec.json.decode(read_whole(path), type=MutationRecord)
    except OSError as reason:
        raise UsageError(f"--results: {path} cannot be read: {reason.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise UsageError(f"--results: {path}: expected what --results has written: {reason}") from None


def _write(path: Path, record: MutationRecord) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    except OSError as reason:
        raise UsageError(f"--results: {path} cannot be written: {reason.strerror}") from None
