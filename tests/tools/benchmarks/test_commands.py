# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user waits for: the first word counts, and only of a command that ends well."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.benchmarks.commands import HELLO, first_word_seconds
from tools.benchmarks.figure import NotMeasured


def python(text: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", text)


def test_the_rest_of_the_output_does_not_count() -> None:
    assert first_word_seconds(python("import time; print('a'); time.sleep(3); print('b')")) < 3


@pytest.mark.parametrize(
    ("text", "complaint"), (("pass", "exit status 0, and nothing"), ("print('a'); exit(3)", "exit status 3, and some"))
)
def test_a_command_that_fails_is_no_figure(text: str, complaint: str) -> None:
    with pytest.raises(NotMeasured, match=complaint):
        first_word_seconds(python(text))


def test_the_first_word_is_the_guests() -> None:
    done = subprocess.run(HELLO, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("Hello from s390x")
