# SPDX-License-Identifier: GPL-2.0-or-later
"""What is expected of a single page, and what was found."""

from __future__ import annotations

from typing import Any

import pytest

from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
from guest_kernel.scripted.scenarios.scenario import Expect, Mmap, Process, Read, Step
from tests.support.scenarios import AT, hosted, run

READ = Read(file="data", pages=28)
MAP = (Process(name="p"), Mmap(process="p", at=AT, pages=60, file="data", writable=False))


def findings(*steps: Step) -> list[PageFinding]:
    """What was found of pages."""
    with hosted(*steps) as runner:
        runner.run()
    return [finding for finding in runner.outcome.findings if isinstance(finding, PageFinding)]


def test_the_state_of_a_page() -> None:
    run(
        Expect(page="data:5", state="none"),
        READ,
        Expect(page="data:5", state="Vr"),
        Expect(page="data:5", state=("Sr", "Vr")),
        Expect(page="data:28", state="none"),
    )


@pytest.mark.parametrize(
    ("fields", "difference"),
    (
        ({"state": "Sr"}, "expected Sr, found Vr"),
        ({"state": ("Sr", "none")}, "expected Sr or none, found Vr"),
        ({"path": ("Vr",)}, "expected Vr, found Vr -> Sr -> Vr"),
        ({"path": ("Vr", "Sr")}, "expected Vr -> Sr, found Vr -> Sr -> Vr"),
        ({"requests": ()}, "expected ESSA none, found 6, 3"),
        ({"requests": (6, 3, 3)}, "expected ESSA 6, 3, 3, found 6, 3"),
        ({"changed": True}, "expected the change bit 1, found 0"),
    ),
)
def test_what_is_not_as_expected(fields: dict[str, Any], difference: str) -> None:
    with hosted(READ, READ, Expect(page="data:5", **fields)) as runner:
        outcome = runner.run()
    assert not outcome.is_as_expected
    (finding,) = outcome.findings
    assert str(finding) == f"page data:5: {difference}"
    assert not finding.holds


def test_what_is_as_expected() -> None:
    (finding,) = findings(
        READ, READ, Expect(page="data:5", state="Vr", path=("Vr", "Sr", "Vr"), requests=(6, 3), changed=False)
    )
    assert finding.holds
    assert str(finding) == "page data:5: as expected"
    assert finding.as_dict() == {
        "step": 4,
        "page": "data:5",
        "frame": finding.frame,
        "expected": ["Vr"],
        "found": "Vr",
        "path": ["Vr", "Sr", "Vr"],
        "requests": [6, 3],
        "changed": False,
        "holds": True,
    }


def test_a_page_that_is_missing_has_no_path() -> None:
    (finding,) = findings(READ, Expect(page="data:30", path=("Vr",)))
    assert not finding.holds
    assert (finding.frame, finding.found, finding.path) == (None, "none", ("none",))
