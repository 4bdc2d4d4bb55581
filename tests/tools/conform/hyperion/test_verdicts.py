# SPDX-License-Identifier: GPL-2.0-or-later
"""What directives make of what is to be seen."""

from __future__ import annotations

import pytest

from tools.conform.hyperion.verdicts import CaseVerdicts, UnknownDirective, is_equal


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    (
        ("2004", "0000000000002004", True),
        ("1E2", "100", True),
        ("1.50", " 1.5 ", True),
        ("2004", "2005", False),
        (" FF ", "FF", True),
        ("FF", "00FF", False),
        ("00000001 00000002", "00000001 00000002   ", True),
        ("00000001 00000002", "00000001  00000002", False),
        ("", "  ", True),
        ("", "0", False),
    ),
)
def test_comparison(first: str, second: str, *, expected: bool) -> None:
    assert is_equal(first, second) is expected


@pytest.fixture
def verdicts() -> CaseVerdicts:
    """A case in which a CPU has come to a wait that is right."""
    made = CaseVerdicts()
    made.waits((0x0002000180000000, 0))
    return made


def test_a_case_without_failures(verdicts: CaseVerdicts) -> None:
    verdicts.take("Done", "")
    assert (verdicts.failures, verdicts.compared) == ([], 1)


@pytest.mark.parametrize(
    ("address", "program", "wanted", "is_right"),
    (
        (0, "", "", True),
        (0x1000000, "", "", True),
        (0xFFF, "", "", False),
        (0xDEAD, "", "", False),
        (0xFFFFFFFFDEADDEAD, "0002", "2", True),
        (0xFFFFFFFFDEADDEAD, "0002", "0001", False),
        (0xDEAD, "0002", "", False),
    ),
)
def test_the_disabled_wait(address: int, program: str, wanted: str, *, is_right: bool) -> None:
    verdicts = CaseVerdicts()
    verdicts.take("Program", wanted)
    verdicts.program = program
    verdicts.waits((0x0002000180000000, address))
    expected = [] if is_right else [f"unexpected disabled wait: PSW 0002000180000000 {address:016X}"]
    assert verdicts.failures == expected


@pytest.mark.parametrize(
    ("program", "wanted", "failures"),
    (
        ("0006", "", ["program interruption: expected none, not 0006"]),
        ("", "6", ["program interruption: expected 6, not none"]),
        ("0005", "6", ["program interruption: expected 6, not 0005"]),
        ("0006", "6 # specification", []),
    ),
)
def test_program_interruptions(verdicts: CaseVerdicts, program: str, wanted: str, failures: list[str]) -> None:
    verdicts.program = program
    verdicts.take("Program", wanted)
    verdicts.take("Done", "")
    assert verdicts.failures == failures


@pytest.mark.parametrize(("rest", "failures"), (("", ["no disabled wait"]), ("nowait", [])))
def test_a_wait_is_needed_unless_it_is_not(rest: str, failures: list[str]) -> None:
    verdicts = CaseVerdicts()
    verdicts.take("Done", rest)
    assert verdicts.failures == failures


def test_a_loop_counts_as_a_wait() -> None:
    verdicts = CaseVerdicts()
    verdicts.loops()
    verdicts.take("Done", "")
    assert verdicts.failures == []


@pytest.mark.parametrize(("directives", "failures"), (((), ["the run did not end in its time"]), (("Timeout",), [])))
def test_a_run_that_does_not_end(directives: tuple[str, ...], failures: list[str]) -> None:
    verdicts = CaseVerdicts()
    for directive in directives:
        verdicts.take(directive, "")
    verdicts.times_out()
    assert verdicts.failures == failures


@pytest.mark.parametrize(
    ("verb", "rest", "failures"),
    (
        ("Want", "01020304 05060708 # as stored", []),
        ("Want", '"it" 01020304 00000000', ["storage (it): expected 01020304 00000000, not 01020304 05060708"]),
        ("Gpr", "2 2004", []),
        ("Gpr", "2 2005", ["Gpr 2: expected 2005, not 0000000000002004"]),
        ("Fpr", "1 0", ["Fpr 1: expected 0, not unknown"]),
        ("Key", "f6", []),
        ("Key", "06", ["storage key: expected 06, not F6"]),
        ("Prefix", "4000", []),
        ("Prefix", "0", ["prefix: expected 0, not 0000000000004000"]),
    ),
)
def test_what_is_displayed(verdicts: CaseVerdicts, verb: str, rest: str, failures: list[str]) -> None:
    verdicts.stored = "01020304 05060708                   "
    verdicts.registers["Gpr"] = [f"{0x1002 * number:016X}" for number in range(16)]
    verdicts.key, verdicts.prefix = "F6", "0000000000004000"
    verdicts.take(verb, rest)
    assert verdicts.failures == failures


@pytest.mark.parametrize(
    ("condition", "holds"),
    (
        ("1", True),
        ("0", False),
        ("$can_zarch_mode", True),
        ("\\$can_zarch_mode", False),
        ("$can_s370_mode", False),
        ("\\$rexx_supported", True),
        ("$ptrsize = 8", True),
        ("$ptrsize \\= 4", True),
        ("$ptrsize = 4", False),
        ("what is that?", False),
    ),
)
def test_conditions(condition: str, *, holds: bool) -> None:
    verdicts = CaseVerdicts()
    verdicts.take("If", condition)
    assert verdicts.is_active is holds
    verdicts.take("Else", "")
    assert verdicts.is_active is not holds
    verdicts.take("Fi", "")
    assert verdicts.is_active


def test_nothing_counts_inside_a_condition_that_does_not_hold(verdicts: CaseVerdicts) -> None:
    for directive, rest in (("If", "0"), ("If", "1"), ("Prefix", "1"), ("Nonsense", ""), ("Fi", ""), ("Fi", "")):
        verdicts.take(directive, rest)
    assert verdicts.failures == []
    with pytest.raises(UnknownDirective, match=r"\*Nonsense"):
        verdicts.take("Nonsense", "")


@pytest.mark.parametrize("directive", ("Want", "Gpr", "Fpr", "Cr", "Key", "Prefix"))
def test_a_directive_without_a_value(verdicts: CaseVerdicts, directive: str) -> None:
    verdicts.take(directive, "1" if directive.endswith("pr") or directive == "Cr" else "")
    assert verdicts.failures == [f"expected a value behind *{directive}"]


def test_what_is_not_complete_at_the_end() -> None:
    case = CaseVerdicts()
    case.take("If", "$ptrsize = 8")
    case.ends()
    assert case.failures == ["expected *Fi behind *If"]
    case = CaseVerdicts()
    case.ends()
    assert case.failures == ["nothing is checked, not even by *Done"]
    case = CaseVerdicts()
    case.take("Done", "nowait")
    case.ends()
    assert not case.failures


def test_a_number_that_there_is_not() -> None:
    assert not is_equal("1E9999999999999999999999", "1")
    assert is_equal("1E9999999999999999999999", "1E9999999999999999999999")
