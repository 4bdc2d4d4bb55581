# SPDX-License-Identifier: GPL-2.0-or-later
"""A report as TAP, version 14 (https://testanything.org): a point for each program, a subtest with its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tools.conform.results import FAILING, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from tools.conform.results import Check, Result, SuiteReport

_INDENTED = " " * 4


def write_tap(file: TextIO, report: SuiteReport) -> None:
    """Write *report*; what Ctrl-C has kept from being run is missing points of the plan."""
    file.writelines(f"{line}\n" for line in _lines(report))


def _lines(report: SuiteReport) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(report.programs) + len(report.not_run)}"
    for number, result in enumerate(report.programs, 1):
        if result.checks:
            yield f"{_INDENTED}# Subtest: {_text(result.name)}"
            points = [(name, check) for check in result.checks for name in check.names]
            yield f"{_INDENTED}1..{len(points)}"
            for place, (name, check) in enumerate(points, 1):
                yield f"{_INDENTED}{_check(place, name, check)}"
                if check.verdict in FAILING:
                    yield from _block({"source": check.source, "message": check.text}, _INDENTED)
        yield _program(number, result)
        yield from _block(result.entry.demand | _diagnosis(result))
    if report.not_run:
        yield "Bail out! interrupted"


def _program(number: int, result: Result) -> str:
    fails = result.outcome.is_failure or result.outcome is Outcome.KNOWN
    line = f"{'not ok' if fails else 'ok'} {number} - {_text(result.name)}"
    if result.outcome is Outcome.KNOWN:
        return f"{line} # TODO {_text(result.reason)}"
    if result.outcome in (Outcome.SKIPPED, Outcome.UNSUPPORTED):
        return f"{line} # SKIP {_text(result.reason)}"
    return line


def _check(number: int, name: str, check: Check) -> str:
    fails = check.verdict in FAILING
    line = f"{'not ok' if fails else 'ok'} {number} - {_text(name)}"
    return f"{line} # SKIP {_text(check.text)}".rstrip() if check.verdict == "SKIP" else line


def _diagnosis(result: Result) -> dict[str, str | tuple[str, ...]]:
    if not result.outcome.is_failure:
        return {}
    return {"outcome": result.outcome.value, "message": result.reason, "last_steps": result.last_steps}


def _block(told: Mapping[str, str | tuple[str, ...]], indented: str = "") -> Iterator[str]:
    """What is *told*, as far as it is not empty, as a block of YAML, of which JSON is a part."""
    lines = [f"{indented}  {name}: {msgspec.json.encode(value).decode()}" for name, value in told.items() if value]
    if lines:
        yield from (f"{indented}  ---", *lines, f"{indented}  ...")


def _text(text: str) -> str:
    """*text* as a description, in one line, in which # begins nothing."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("#", "\\#")
