# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the command writes."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tools.usage.errors import UsageError
from tools.usage.outputs import open_document, open_output


def test_a_file_the_standard_one_and_none(tmp_path: Path) -> None:
    with ExitStack() as files:
        assert open_output(files, "--json", None, sys.stdout) is None
        assert open_output(files, "--json", "-", sys.stdout) is sys.stdout
        output = open_output(files, "--json", str(tmp_path / "out"), sys.stdout)
        assert output is not None
        output.write("text")
    assert (tmp_path / "out").read_text() == "text"


def test_a_document_on_standard_output_has_it_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as files:
        document = open_document(files, "--json", "-")
        assert document is not None
        document.write("document")
        sys.stdout.write("and something else")
        with pytest.raises(UsageError, match=r"^--junit: expected a file; standard output has another document$"):
            open_document(files, "--junit", "-")
    sys.stdout.write(", no more")
    assert capfd.readouterr() == ("document, no more", "and something else")


@pytest.mark.parametrize(("name", "reason"), (("/nowhere/out", "No such file or directory"), ("/", "Is a directory")))
def test_what_cannot_be_written_is_named_before_anything_runs(name: str, reason: str) -> None:
    with ExitStack() as files, pytest.raises(UsageError, match=rf"^--json: {name} cannot be written: {reason}$"):
        open_output(files, "--json", name, sys.stdout)


def test_an_error_at_the_end_is_named_too() -> None:
    def write_all() -> None:
        with ExitStack() as files:
            output = open_output(files, "--trace", "/dev/full", sys.stderr)
            assert output is not None
            output.write("text")

    with pytest.raises(UsageError, match=r"^--trace: /dev/full cannot be written: No space left on device$"):
        write_all()
