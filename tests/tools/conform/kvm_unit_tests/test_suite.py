# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the suite is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.suite import conform


@pytest.mark.parametrize("place", (".", "s390x"))
def test_the_list_is_found_in_the_directory_or_in_that_of_the_architecture(suite: Path, place: str) -> None:
    assert conform(suite / place, "--only", "passing") == 0


def test_a_directory_without_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert conform(tmp_path) == 2
    expected = "expected a build directory of kvm-unit-tests, with unittests.cfg or s390x/unittests.cfg in it"
    assert capfd.readouterr().err == f"essa: {tmp_path}: {expected}\n"
