# SPDX-License-Identifier: GPL-2.0-or-later
"""The native programs run on the machine, pass, and say what they should."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from emu.devices.console import ConsoleBuffer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import TRANSITIONS, Profile
from emu.program import read_program
from guest_kernel.native import build
from guest_kernel.native.shipped import image_path

PASSED = 0xFFF
FAILED = 0
BUDGET = 2_000_000
SMALL = {"pressure": "pages=100 rounds=1"}
"""Command lines with which a program does less than it does without one."""

# Table 1.4 of the page-hinting reference, and its no-DAT rule: kept, but cleared by request 1 and set by request 7.
ARCHITECTED = """
    Sr  Sr Sr Ur Vr Pr Sr Sr Sr+NT
    Sz  Sz Sz Uz Vz Vz Sr Sz Sz+NT
    Ur  Ur Sr Ur Vr Pr Sr Sr Sr+NT
    Uz  Uz Sz Uz Vz Vz Sr Sz Sz+NT
    Pr  Pr Sr Ur Vr Pr Sr Sr Sr+NT
    Vr  Vr Sr Ur Vr Pr Sr Sr Sr+NT
    Vz  Vz Sz Uz Vz Vz Sr Vz Sz+NT
"""
# Table 6.4.
KVM = """
    Sr  Sr Sr Ur Vr Pr Sr Sr Sr+NT
    Sz  Sz Sz Uz Vz Vz Sz Sz Sz+NT
    Ur  Ur Sr Ur Vr Pr Sr Sr Sr+NT
    Uz  Uz Sz Uz Vz Vz Sz Uz Sz+NT
    Pr  Pr Sr Ur Vr Pr Sr Sr Sr+NT
    Vr  Vr Sr Ur Vr Pr Sr Sr Sr+NT
    Vz  Vz Sz Uz Vz Vz Sz Vz Sz+NT
"""


@dataclass(frozen=True)
class Run:
    """What a program did."""

    address: int
    """Where it waits in the end."""
    text: str
    executed: int

    def lines(self, kind: str) -> list[str]:
        """The report's lines of *kind*: ok, FAIL or skip."""
        return [line[8:] for line in self.text.splitlines() if line.startswith(f"  {kind}")]


def run(
    name: str,
    command_line: str = "",
    profile: Profile = Profile.ZVM,
    facilities: frozenset[int] = DEFAULT_FACILITIES,
) -> Run:
    """Run image *name* until it waits disabled."""
    machine = Machine(4 * MEGABYTE, profile=profile, facilities=facilities)
    console = machine.sclp.console = ConsoleBuffer()
    read_program(image_path(name)).load(machine, command_line)
    stop = machine.run(BUDGET)
    text = console.data.decode("ascii")
    assert stop.kind is StopKind.DISABLED_WAIT, f"{stop}\n{text}"
    return Run(stop.psw.address, text, machine.executed)


def table(text: str) -> list[list[str]]:
    """The rows of the table that essa-table printed, without the state bytes."""
    found = [row.strip("|").split("|") for row in text.splitlines() if re.match(r"\| [SUPV][rpz]", row)]
    return [[cell.split()[0] for cell in row] for row in found]


def rows(expected: str, *, no_dat: bool) -> list[list[str]]:
    plain = [line.split() for line in expected.splitlines() if line.strip()]
    if not no_dat:
        return [row[:-1] + ["-"] for row in plain]
    tagged = []
    for before, *cells in plain:
        kept = [cell if request in (1, 7) else cell + "+NT" for request, cell in enumerate(cells)]
        tagged.append([before + "+NT", *kept])
    return plain + tagged


@pytest.mark.parametrize("command_line", ("", "console=vt220 quiet=1", "console=line"))
def test_hello_on_both_consoles(command_line: str) -> None:
    done = run("hello", command_line)
    assert done.address == PASSED
    assert done.text.splitlines()[0] == f"Hello from s390x. The command line is '{command_line}'."


def test_loops_by_count() -> None:
    done = run("loops", "register=1000 storage=2000 essa=10")
    assert done.address == PASSED
    assert done.text.splitlines() == [
        "register loop: 1000 times 4 instructions",
        "storage loop: 2000 times 5 instructions",
        "ESSA loop: 10 times 3 instructions",
    ]
    assert done.executed > 4 * 1000 + 5 * 2000 + 3 * 10


@pytest.mark.parametrize(("profile", "expected"), ((Profile.ZVM, ARCHITECTED), (Profile.KVM, KVM)))
def test_essa_table(profile: Profile, expected: str) -> None:
    done = run("essa-table", profile=profile)
    assert not done.lines("FAIL"), done.text
    assert done.address == PASSED
    assert table(done.text) == rows(expected, no_dat=True)
    assert not done.lines("skip")


def test_essa_table_without_the_no_translate_facility() -> None:
    done = run("essa-table", facilities=DEFAULT_FACILITIES - {Facility.ESSA_NO_TRANSLATE})
    assert not done.lines("FAIL"), done.text
    assert done.address == PASSED
    assert table(done.text) == rows(ARCHITECTED, no_dat=False)
    assert "63 of 63 undefined requests in all states: specification exception, nothing changed" in done.text


def test_essa_table_without_essa() -> None:
    done = run("essa-table", profile=Profile.OFF)
    assert done.address == PASSED
    assert done.lines("skip") == ["everything else"]
    assert not table(done.text)


def test_discard_fault_details() -> None:
    """Nullified: the old PSW designates the load itself; the TEID holds the page and nothing else."""
    text = run("essa-table").text
    found = re.search(r"load: program interruption 001a, old PSW 0000000180000000 (\w+), ILC 3, TEID (\w+)", text)
    assert found is not None, text
    assert int(found[2], 16) % 4096 == 0
    assert f"TEID {found[2]}, page {found[2]}" in text


@pytest.mark.parametrize(("request_code", "wrong"), ((0, 0x0C), (6, 0x03)))
def test_essa_table_fails_on_a_machine_with_a_wrong_cell(
    monkeypatch: pytest.MonkeyPatch, request_code: int, wrong: int
) -> None:
    discarded = 0x0F
    monkeypatch.setitem(TRANSITIONS[Profile.ZVM], (discarded, request_code, False), wrong)
    done = run("essa-table")
    assert done.address == FAILED
    assert any(line.startswith("Vz: ") for line in done.lines("FAIL"))


def test_keys() -> None:
    done = run("keys")
    assert not done.lines("FAIL"), done.text
    assert done.address == PASSED
    assert not done.lines("skip")
    assert "store with key 4 into key 3: program interruption 0004, old PSW 0040000180000000" in done.text


def test_keys_without_facilities() -> None:
    without = {
        Facility.EDAT_1,
        Facility.CONDITIONAL_SSKE,
        Facility.NONQUIESCING_KEY_SETTING,
        Facility.RESET_REFERENCE_BITS_MULTIPLE,
    }
    done = run("keys", facilities=DEFAULT_FACILITIES - without)
    assert not done.lines("FAIL"), done.text
    assert len(done.lines("skip")) == len(without)


UNICORN_DEVIATIONS = (
    # Seen in Unicorn 2.1.4, as in later QEMU: an exact overflow or underflow of binary floating point that traps is
    # not told from an inexact one.
    "IEEE underflow, exact: SVC interruption 0000",
    "    data-exception code 00000028, FPC register 20002800",
    "    data-exception code eeeeeeee, FPC register 10000000",
)


def test_interruptions() -> None:
    done = run("interruptions")
    failures = [line for line in done.lines("FAIL") if not line.startswith(UNICORN_DEVIATIONS)]
    assert not failures, done.text
    assert done.address == (FAILED if done.lines("FAIL") else PASSED)


def test_every_program_keeps_its_budget_and_is_repeatable() -> None:
    for name in build.programs():
        first, second = (run(name, SMALL.get(name, "")) for _ in range(2))
        assert first == second, name
        assert first.executed < BUDGET, name
