# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform mutation``: rules are broken one at a time, and who notices is told."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import msgspec

from emu.input_files.near_names import did_you_mean
from emu.input_files.reading import read_whole
from emu.whole_file import UnwritableError, put_whole
from tools.conform.architecture.collection import DIRECTORY
from tools.conform.mutation.campaign import Explained, MutationRecord, run_mutants
from tools.conform.mutation.compiled_exercise import exercise_compiled
from tools.conform.mutation.exercise import exercise
from tools.conform.mutation.mutants import RULES, mutants_of
from tools.conform.mutation.one import ONLY_BY_TALLY
from tools.conform.mutation.survivors import read_survivors
from tools.conform.run import INTERRUPTED
from tools.usage.errors import UsageError
from tools.usage.outputs import check_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.conform.mutation.campaign import MutantResult
    from tools.conform.mutation.exercise import Exercise
    from tools.conform.mutation.mutants import Mutant
    from tools.conform.mutation.options import MutationOptions

SURVIVORS = DIRECTORY / "survivors.toml"
_A_COMPILED_FUNCTION = "a compiled function, such as compiled/execute_ESSA"


def run_mutation(wanted: MutationOptions) -> int:
    """Break what is *wanted*; the exit status is 1 if something survives that is not explained.

    :raises UsageError: naming the option that is wrong.
    """
    why = SURVIVORS if wanted.explained is None else Path(wanted.explained)
    check_apart("--results", wanted.results, {"--explained": why})
    explained = read_survivors(why)
    chosen = _all_mutants(wanted)
    record = MutationRecord()
    if wanted.results is not None:
        record = _read(Path(wanted.results))
        # It is said now that it cannot be written, and not after the first mutant.
        _write(Path(wanted.results), record)

    def ended(result: MutantResult) -> None:
        print(_line(result, explained), flush=True)
        if wanted.results is not None:
            _write(Path(wanted.results), record)

    known_before = 0

    def known(result: MutantResult) -> None:
        nonlocal known_before
        known_before += 1
        print(f"{_line(result, explained)} (known before)", flush=True)

    def choose(mutants: list[Mutant], exercised: Exercise) -> list[Mutant]:
        nonlocal chosen
        if wanted.compiled:
            # A function is translated as a whole, and the engine lets some forms of its instruction through only.
            executed = exercised.executed
            mutants = [each for each in mutants if not executed.isdisjoint(each.places)]
            print(
                f"{len(chosen) - len(mutants)} of {len(chosen)} left out: no case executes that part of compiled code"
            )
        chosen = _sample(mutants, wanted)
        return chosen

    reasons = Explained(explained, wanted.nearest or None)
    found = run_mutants(
        chosen,
        record,
        exercise=exercise_compiled if wanted.compiled else exercise,
        choose=choose,
        explained=reasons,
        jobs=wanted.jobs,
        ended=ended,
        known=known,
    )
    if wanted.results is not None:
        _write(Path(wanted.results), record)
    survivors = [each for each in found if each.noticed_by is None]
    unexplained = [each for each in survivors if each.name not in explained]
    bounded = sum(each.is_bounded for each in survivors)
    by_tally = sum(each.noticed_by is not None and each.noticed_by.endswith(f"({ONLY_BY_TALLY})") for each in found)
    print(
        f"{len(found) - len(survivors)} of {len(found)} noticed"
        + (f" ({by_tally} {ONLY_BY_TALLY})" if by_tally else "")
        + f", {len(survivors) - len(unexplained)} explained"
        + (f" ({bounded} of them held against the nearest {wanted.nearest} runs only)" if bounded else "")
        + (f"; {known_before} of {len(found)} known before" if known_before else "")
    )
    surviving = {each.name for each in survivors}
    for name in sorted({each.name for each in found} & explained.keys() - surviving):
        print(f"noticed, in spite of its reason: {name}")
    for each in sorted(unexplained, key=lambda each: (each.name, each.line)):
        print(f"survives: {each.name} (line {each.line}, {_reached(each)})")
    if len(found) < len(chosen):
        most = len(chosen) if wanted.sample is None else min(wanted.sample, len(chosen))
        print(f"interrupted: {most - len(found)} have not been run")
        return INTERRUPTED
    return 1 if unexplained else 0


def _reached(result: MutantResult) -> str:
    return f"executed by {result.reached_by} cases" if result.reached_by else "no case executes it"


def _all_mutants(wanted: MutationOptions) -> list[Mutant]:
    files: Sequence[str] = _compiled_functions() if wanted.compiled else RULES
    for file in wanted.only:
        if file not in files:
            expected = _A_COMPILED_FUNCTION if wanted.compiled else f"one of {', '.join(files)}"
            raise UsageError(f"--only: expected {expected}, not {file!r}{did_you_mean(file, files)}")
    return _mutants(list(dict.fromkeys(wanted.only or files)), is_compiled=wanted.compiled)


def _sample(mutants: list[Mutant], wanted: MutationOptions) -> list[Mutant]:
    """So many of *mutants*; what is chosen stays so when others come or go."""
    if wanted.sample is None or wanted.sample >= len(mutants):
        return mutants
    return sorted(mutants, key=lambda each: Random(f"{wanted.seed} {each.name} {each.number}").random())[
        : wanted.sample
    ]


def _compiled_functions() -> list[str]:
    from tools.conform.mutation.compiled_code import compiled_functions

    return list(compiled_functions())


def _mutants(files: Sequence[str], *, is_compiled: bool) -> list[Mutant]:
    if not is_compiled:
        return [mutant for file in files for mutant in mutants_of(file)]
    from tools.conform.mutation.compiled_code import compiled_mutants

    return compiled_mutants(files)


def _line(result: MutantResult, explained: dict[str, str]) -> str:
    if result.noticed_by is not None:
        return f"NOTICED   {result.name}: {result.noticed_by}"
    if result.name in explained:
        return f"EXPLAINED {result.name}: {explained[result.name]}"
    return f"SURVIVES  {result.name}: {_reached(result)}"


def _read(path: Path) -> MutationRecord:
    try:
        return msgspec.json.decode(read_whole(path), type=MutationRecord)
    except FileNotFoundError:
        return MutationRecord()
    except OSError as reason:
        raise UsageError(f"--results: {path} cannot be read: {reason.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise UsageError(f"--results: {path}: expected what --results has written: {reason}") from None


def _write(path: Path, record: MutationRecord) -> None:
    try:
        put_whole(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    except UnwritableError as reason:
        raise UsageError(f"--results: {reason}") from None
