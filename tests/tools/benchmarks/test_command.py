# SPDX-License-Identifier: GPL-2.0-or-later
"""``tools/bench``: what is chosen, shown and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks import __main__ as command
from tools.benchmarks.catalogue import FIGURES, chosen
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.page import read_runs
from tools.benchmarks.results import read_run


def two(_: Effort) -> Measured:
    return Measured((2.0,))


def fail(_: Effort) -> Measured:
    raise NotMeasured("there is nothing to compare with")


FEW = (
    BenchmarkFigure("one", "the first", Unit.RATE, two),
    BenchmarkFigure("other", "the second", Unit.RATIO, fail, compared_with="something"),
    BenchmarkFigure("long", "the third", Unit.RATIO, two, takes_long=True),
)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.benchmarks.catalogue.FIGURES", FEW)
    monkeypatch.setattr(command, "FIGURES", FEW)


def test_names_are_unique_words_with_hyphens() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)


def test_figures_are_chosen_by_name_or_by_a_part_of_it() -> None:
    def names(only: list[str], part: str | None) -> list[str]:
        return [figure.name for figure in chosen(only, part)]

    assert names(["sske", "svc"], None) == ["svc", "sske"]
    assert names([], "-loop") == ["register-loop", "load-store-loop", "call-return-loop", "page-touch-loop"]
    assert names(["svc"], "sske") == ["svc", "sske"]
    assert len(names([], None)) == len(FIGURES)
    with pytest.raises(KeyError):
        chosen(["nobody"], None)


@pytest.mark.usefixtures("few")
def test_a_run_is_shown_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json, html = tmp_path / "run.json", tmp_path / "page.html"
    assert command.main(["--json", str(json), "--html", str(html)]) == 0
    assert command.main(["--quick", "--html", str(html), "--compare", str(json)]) == 0
    output = capsys.readouterr()
    assert output.err.splitlines()[0].startswith(" 1/3 one: 2 (")
    assert " 2/3 other: there is nothing to compare with (" in output.err
    assert " 3/3 long: left out of a quick run (" in output.err
    assert "something; there is nothing to compare with" in output.out
    assert [*read_run(json).figures] == ["one", "other", "long"]
    assert [run.figures["long"].value for run in read_runs(html)] == [2, None]


@pytest.mark.usefixtures("few")
def test_what_is_worse_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    json = tmp_path / "run.json"
    command.main(["--json", str(json), "--only", "one"])
    slower = BenchmarkFigure("one", "the first", Unit.RATE, lambda _: Measured((1.0,)), more_is_better=True)
    monkeypatch.setattr("tools.benchmarks.catalogue.FIGURES", (slower,))
    command.main(["--compare", str(json)])
    assert "worse by more than 3 per cent: one" in capsys.readouterr().out


@pytest.mark.usefixtures("few")
def test_the_list_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    output = capsys.readouterr()
    assert (output.err, len(output.out.splitlines())) == ("", 3)
    assert "the second / something" in output.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    (
        (["--only", "nobody"], "--only: expected a name that --list shows, not nobody"),
        (["--compare", "/nowhere/old.json"], "/nowhere/old.json: cannot be read"),
        (["--json", "/nowhere/new.json"], "/nowhere/new.json cannot be written"),
        (["--html", "/dev/null/page"], "/dev/null/page: cannot be read"),
    ),
)
def test_wrong_use_is_one_line(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(words) == 2
    output = capsys.readouterr()
    assert output.err.startswith("tools/bench: ")
    assert (complaint in output.err, output.err.count("\n"), output.out) == (True, 1, "")


def test_a_page_without_what_draws_its_charts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert command.main(["--html", str(tmp_path / "page.html")]) == 2
    assert capsys.readouterr().err.startswith("tools/bench: --html: its charts: drawn by matplotlib, which is not inst")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("few")
def test_a_quick_run_has_what_takes_long_if_it_is_named(tmp_path: Path) -> None:
    json = tmp_path / "run.json"
    for words, value in ((["-k", "long"], None), (["--only", "long"], 2)):
        command.main(["--quick", "--json", str(json), *words])
        assert read_run(json).figures["long"].value == value


def test_after_ctrl_c_there_is_what_was_found_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: Effort) -> Measured:
        raise KeyboardInterrupt

    figures = (FEW[0], BenchmarkFigure("slow", "a slow one", Unit.RATE, interrupted), FEW[1])
    monkeypatch.setattr("tools.benchmarks.catalogue.FIGURES", figures)
    assert command.main([]) == 0
    output = capsys.readouterr()
    assert (output.err.splitlines()[-1], "the first" in output.out, "the second" in output.out) == (
        " 2/3 slow: ended by Ctrl-C",
        True,
        False,
    )


def test_what_this_computer_cannot_give_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def large(_: Effort) -> Measured:
        raise MemoryError

    monkeypatch.setattr("tools.benchmarks.catalogue.FIGURES", (BenchmarkFigure("large", "one", Unit.RATE, large),))
    assert command.main([]) == 0
    assert "MemoryError" in capsys.readouterr().out
