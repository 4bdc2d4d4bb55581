# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of a suite, on both machines as its list says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.suite import program
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.kvm_unit_tests import commands, plan

LIST = """\
[sclp-1g]
file = sclp.elf
qemu_params = -m 1G

[exittime]
file = exittime.elf
smp = 2
test_args = some words

[sieve]
file = absent.elf
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "unittests.cfg").write_text(LIST)
    for name in ("sclp.elf", "exittime.elf"):
        (tmp_path / name).write_bytes(program("EXIT: STATUS=1").to_bytes())
    return tmp_path


def test_memory_cpus_and_words_are_those_of_the_list(suite: Path) -> None:
    for command in commands(plan("sclp-1g", suite)):
        assert str(suite / "sclp.elf") in command
        assert "1024M" in command
        assert "some words" not in command
    for command in commands(plan("exittime", suite)):
        assert "128M" in command
        assert "some words" in command
        assert {"-smp", "--cpus"} & {*command}
        assert "2" in command


@pytest.mark.parametrize(
    ("name", "complaint"), (("sieve", "absent.elf has not been built"), ("selftest", "has no selftest"))
)
def test_a_program_that_is_not_there_is_no_figure(suite: Path, name: str, complaint: str) -> None:
    with pytest.raises(NotMeasured, match=complaint):
        plan(name, suite)


def test_without_a_suite_there_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="expected a build directory"):
        plan("sieve", tmp_path)
    with pytest.raises(NotMeasured, match="--suite DIR"):
        plan("sieve", None)
