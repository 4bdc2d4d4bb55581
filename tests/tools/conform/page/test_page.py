# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of a report, as a browser shows it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.browser import browser
from tests.support.reports import RESULTS, STEPS, report
from tools.conform.page.page import write_page
from tools.conform.results import Check, CoveredMatrix, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from tools.conform.results import SuiteReport

RIGHT, WRONG, ODD, *_ = RESULTS
OTHER = report(
    RIGHT,
    msgspec.structs.replace(WRONG, checks=(Check("PASS", "becomes"), Check("PASS", "gone")), outcome=Outcome.PASSED),
    ODD,
    msgspec.structs.replace(RIGHT, entry=msgspec.structs.replace(RIGHT.entry, name="old")),
)


class ShownReport:
    """The page in a browser."""

    def __init__(self, driver: WebDriver, path: Path, shown: SuiteReport, other: SuiteReport | None) -> None:
        with path.open("w", encoding="utf-8") as file:
            write_page(file, shown, other)
        self.driver = driver
        driver.get(path.as_uri())

    def run(self, program: str, *arguments: Any) -> Any:
        """What *program* returns in the page."""
        return self.driver.execute_script(program, *arguments)  # type: ignore[no-untyped-call]

    def texts(self, selector: str) -> list[str]:
        """The texts of these elements, as far as they are to be seen."""
        program = """return [...document.querySelectorAll(arguments[0])]
            .filter((each) => each.offsetParent !== null).map((each) => each.textContent)"""
        found: list[str] = self.run(program, selector)
        return found

    def find(self, selector: str) -> Any:
        """The element of this selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def open(self, name: str) -> None:
        """Open the program of this name; its inside is made by an event, so a moment after the click."""
        program = f"#program-{name}"
        self.find(f"{program} summary").click()
        WebDriverWait(self.driver, 30).until(lambda _: self.texts(f"{program} > :not(summary)"))

    @property
    def names(self) -> list[str]:
        """The programs that are to be seen."""
        return self.texts("details.program .name")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A browser for all tests here."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def shown(chromium: WebDriver, tmp_path: Path) -> Iterator[ShownReport]:
    """A report; whatever is done to it, there are no errors."""
    yield ShownReport(chromium, tmp_path / "page.html", report(*RESULTS, not_run=("never",)), None)
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


@pytest.fixture
def compared(chromium: WebDriver, tmp_path: Path) -> Iterator[ShownReport]:
    """Beside another one."""
    yield ShownReport(chromium, tmp_path / "page.html", report(RIGHT, WRONG, ODD), OTHER)
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_programs_stand_in_their_sections(shown: ShownReport) -> None:
    assert shown.texts("h2") == ["Page hinting ESSA: 1 of 2 passed", "PSW 0 of 2 passed", "all others 0 of 3 passed"]
    assert shown.names == ["right", "wrong", "odd", "absent", "strange", "slow", "lost"]
    assert shown.texts(".word") == ["PASS", "FAIL", "KNOWN", "SKIP", "UNSUPP", "TIMEOUT", "STOPPED"]
    (lead,) = shown.texts("#lead")
    assert lead.startswith("On a machine: 1 passed, 1 known, 1 skipped, 1 unsupported, 1 failed, ")
    assert lead.endswith("Passed: 1 of 1 verified. In 1.5 s. Interrupted; not run: never.")


def test_a_program_shows_its_rule_its_checks_and_its_trace(shown: ShownReport) -> None:
    shown.open("right")
    assert shown.texts("#program-right .source") == ["reference 2.1 (verified)"]
    assert shown.texts("#program-right .rule") == ["A page that is stable stays so."]
    shown.open("wrong")
    assert shown.texts("#program-wrong .rule") == ["A page </script> becomes volatile."]
    assert shown.texts("#program-wrong .checks td") == [
        "FAIL",
        "becomesreference 2.2",
        "old state: expected Sr, not Vr",
        "XPASS",
        "late free, stepped",
        "",
    ]
    assert shown.texts("#program-wrong .steps") == ["\n".join(STEPS)]


def test_the_filter_has_outcomes_and_words(shown: ShownReport) -> None:
    assert shown.texts("#shown") == ["7 of 7"]
    for name in ("passed", "known", "skipped", "unsupported"):
        shown.find(f"input[name={name}]").click()
    assert shown.names == ["wrong", "slow", "lost"]
    assert shown.texts("h2") == ["Page hinting ESSA: 1 of 2 passed", "all others 0 of 3 passed"]
    shown.find("#text").send_keys("SIGNAL process")
    assert (shown.names, shown.texts("#shown")) == (["lost"], ["1 of 7"])
    shown.find("#text").clear()
    shown.find("#text").send_keys("expected sr")
    assert shown.names == ["wrong"]


def test_there_is_nothing_to_compare_with(shown: ShownReport) -> None:
    assert shown.texts("#changed-label") == []


def test_two_reports_side_by_side(compared: ShownReport) -> None:
    (lead,) = compared.texts("#lead")
    assert lead.endswith("Only in the other report: old.")
    compared.find("#changed").click()
    assert compared.names == ["wrong"]
    assert compared.texts("#program-wrong summary .quiet") == [" before: passed"]
    compared.open("wrong")
    assert compared.texts("#program-wrong .changes td") == [
        *("FAIL", "becomes", "before: PASS"),
        *("XPASS", "late", "before: not there"),
        *("vanished", "gone", "before: PASS"),
    ]


def test_checks_of_two_machines_go_by_what_they_are_of() -> None:
    here = (Check("PASS", "cc", ways=("free",)), Check("FAIL", "cc", ways=("stepped",)), Check("PASS", "key"))
    there = (Check("FAIL", "cc", ways=("there",)), Check("FAIL", "key", ways=("there",)))
    page = io.StringIO()
    write_page(page, *(report(msgspec.structs.replace(WRONG, checks=checks)) for checks in (here, there)))
    assert '"checksBefore":[{"name":"key","before":"FAIL","now":"PASS"}]' in page.getvalue()


def test_the_same_report_gives_the_same_page() -> None:
    first, second = io.StringIO(), io.StringIO()
    write_page(first, report(*RESULTS), OTHER)
    write_page(second, report(*RESULTS), OTHER)
    assert first.getvalue() == second.getvalue()
    assert "http://" not in first.getvalue()
    assert "https://" not in first.getvalue()


def test_what_was_exercised(chromium: WebDriver, tmp_path: Path) -> None:
    matrices = (
        CoveredMatrix("instructions", ("instruction", "outcome"), 3, 4, besides=7, gaps=("AGHI | LGHI, ended",)),
        CoveredMatrix("translation", ("table", "access"), 18, 18),
    )
    covered = msgspec.structs.replace(report(RIGHT), coverage=matrices)
    page = ShownReport(chromium, tmp_path / "covered.html", covered, None)
    assert page.texts("table.coverage tbody td:first-child") == ["75 %", "100 %"]
    assert page.texts("table.coverage tbody tr:first-child td")[2:4] == ["3 of 4", "7"]
    page.find("table.coverage summary").click()
    assert page.texts("table.coverage pre") == ["AGHI | LGHI, ended"]
    plain = ShownReport(chromium, tmp_path / "plain.html", report(RIGHT), None)
    assert plain.texts("table.coverage") == []
