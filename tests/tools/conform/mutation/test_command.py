# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform mutation``, with what came of mutants given."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command import wrong
from tools.command.cli import main
from tools.conform.mutation import command
from tools.conform.mutation.campaign import Explained, MutantResult, MutationRecord
from tools.conform.mutation.exercise import Exercise, ExercisedCase
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.conform.mutation.mutants import Mutant


NOTHING_EXECUTED = Exercise({}, frozenset())


def results(
    mutants: list[Mutant],
    record: MutationRecord,
    *,
    explained: Explained,
    jobs: int,
    ended: Callable[[MutantResult], None],
    known: Callable[[MutantResult], None],
    exercise: object,
    choose: Callable[[list[Mutant], Exercise], list[Mutant]],
) -> list[MutantResult]:
    """Every third survives; the fourth is executed by no case, and bounded if it is explained."""
    for number, each in enumerate(choose(mutants, NOTHING_EXECUTED)):
        noticed_by = "a/case" if number % 3 else None
        nearest = explained.nearest if number == 3 and each.name in explained.names else None
        result = MutantResult(each.name, each.line, each.digest, "s", noticed_by, 0 if number == 3 else 2, nearest)
        is_known = any(before == result for before in record.results)
        record.put(result)
        (known if is_known else ended)(result)
    return record.results


def test_survivors_are_a_failure_unless_they_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_mutants", results)
    kept = tmp_path / "kept"
    arguments = "conform", "mutation", "--only", "emu/prefixing.py", "--sample", "4", "--seed", "1"
    assert main([*arguments, "--results", str(kept)]) == 1
    lines = capsys.readouterr().out.splitlines()
    told = [line.split(maxsplit=1)[1] for line in lines if line.startswith("SURVIVES")]
    assert [each.rpartition(": ")[2] for each in told] == ["executed by 2 cases", "no case executes it"]
    survivors = [each.rpartition(": ")[0] for each in told]
    assert "2 of 4 noticed, 0 explained" in lines
    assert b'"a/case"' in kept.read_bytes()
    names = ", ".join(f"'''{name}'''" for name in survivors)
    (tmp_path / "why").write_text(f'[[survivor]]\nmutants = [{names}]\nreason = "it is not seen"\n')
    assert main([*arguments, "--explained", str(tmp_path / "why"), "--results", str(kept)]) == 0
    bounded = "2 of 4 noticed, 2 explained ({} of them held against the nearest {} runs only)"
    assert bounded.format(1, 100) in capsys.readouterr().out
    whole = main([*arguments, "--explained", str(tmp_path / "why"), "--nearest", "0"])
    assert not whole
    assert "2 of 4 noticed, 2 explained" in capsys.readouterr().out.splitlines()


def test_what_is_known_before_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_mutants", results)
    kept = str(tmp_path / "kept")
    arguments = "conform", "mutation", "--only", "emu/prefixing.py", "--sample", "4", "--results", kept
    main([*arguments])
    first = capsys.readouterr().out.splitlines()
    assert "2 of 4 noticed, 0 explained" in first
    main([*arguments])
    second = capsys.readouterr().out.splitlines()
    assert second[:4] == [f"{line} (known before)" for line in first[:4]]
    assert "2 of 4 noticed, 0 explained; 4 of 4 known before" in second
    main([*arguments[:5], "5", *arguments[6:]])
    assert "3 of 5 noticed, 0 explained; 4 of 5 known before" in capsys.readouterr().out.splitlines()


def test_what_has_not_been_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(
        mutants: list[Mutant],
        *rest: object,
        choose: Callable[[list[Mutant], Exercise], list[Mutant]],
        **more: object,
    ) -> list[MutantResult]:
        each = choose(mutants, NOTHING_EXECUTED)[0]
        return [MutantResult(each.name, each.line, each.digest, "s", "a/case", 1)]

    monkeypatch.setattr(command, "run_mutants", interrupted)
    assert main(["conform", "mutation", "--only", "emu/prefixing.py", "--sample", "3"]) == 3
    assert "interrupted: 2 have not been run" in capsys.readouterr().out


def test_wrong_use(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r").write_text("[]")
    compiled = "conform", "mutation", "--compiled", "--only"
    assert "did you mean compiled/execute_ESSA" in wrong(capfd, *compiled, "compiled/execute_ESSB")
    assert "expected a compiled function" in wrong(capfd, *compiled, "emu/prefixing.py")
    assert "did you mean emu/prefixing.py" in wrong(capfd, "conform", "mutation", "--only", "emu/prefixin.py")
    assert "expected what --results has" in wrong(capfd, "conform", "mutation", "--results", str(tmp_path / "r"))
    both = "--results", str(tmp_path / "r"), "--explained", str(tmp_path / "r")
    assert "--results: expected a file of its own, not that of --explained" in wrong(
        capfd, "conform", "mutation", *both
    )
    (tmp_path / "r").write_text('{"precious": 1}')
    assert "expected what --results has" in wrong(capfd, "conform", "mutation", "--results", str(tmp_path / "r"))
    assert (tmp_path / "r").read_text() == '{"precious": 1}'


def test_of_compiled_code_only_what_some_case_executes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = frozenset({("compiled/execute_ESSA", 164)})
    exercised = Exercise({"a/case": ExercisedCase(b"", frozenset(), lines)}, frozenset())

    def noticed(
        mutants: list[Mutant],
        *rest: object,
        choose: Callable[[list[Mutant], Exercise], list[Mutant]],
        **more: object,
    ) -> list[MutantResult]:
        chosen = choose(mutants, exercised)
        assert {each.line for each in chosen} == {164}
        told = ("a/case (free) (only by its tally)", "a/case (free)")
        return [MutantResult(each.name, 164, "d", "s", told[number > 0], 1) for number, each in enumerate(chosen)]

    monkeypatch.setattr(command, "run_mutants", noticed)
    assert main(["conform", "mutation", "--compiled", "--only", "compiled/execute_ESSA"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("left out: no case executes that part of compiled code")
    assert told[-1].endswith(" noticed (1 only by its tally), 0 explained")


def test_a_results_file_stays_whole_and_is_tried_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_mutants", lambda *_, **__: pytest.fail("it cannot be written"))
    arguments = "conform", "mutation", "--only", "emu/prefixing.py", "--results"
    assert "cannot be written" in wrong(capfd, *arguments, str(tmp_path / "nowhere" / "r"))
    with pytest.raises(UsageError, match="expected a regular file"):
        command._write(Path("/dev/null"), MutationRecord())
    kept = tmp_path / "kept"
    kept.write_text('{"suites": {}, "results": []}')
    monkeypatch.setattr(Path, "replace", full)
    assert "No space left" in wrong(capfd, *arguments, str(kept))
    assert kept.read_text() == '{"suites": {}, "results": []}'
    assert list(tmp_path.iterdir()) == [kept]


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_same_file_twice_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "run_mutants", results)
    told = []
    for files in (["--only", "emu/prefixing.py"], ["--only", "emu/prefixing.py"] * 2):
        main(["conform", "mutation", *files])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_a_reason_that_is_not_true_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_mutants", results)
    arguments = ["conform", "mutation", "--only", "emu/prefixing.py", "--sample", "4", "--seed", "1"]
    main(arguments)
    noticed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("NOTICED"))
    name = noticed.split(maxsplit=1)[1].rpartition(": ")[0]
    (tmp_path / "why").write_text(f"[[survivor]]\nmutants = ['''{name}''']\nreason = \"it is not seen\"\n")
    main([*arguments, "--explained", str(tmp_path / "why")])
    assert f"noticed, in spite of its reason: {name}" in capsys.readouterr().out
