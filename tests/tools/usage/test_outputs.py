# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the command writes."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tools.usage.errors import UsageError
from tools.usage.outputs import Output, do_all, open_document, open_output, optional_output


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


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    with ExitStack() as files:
        output = open_output(files, "--json", str(path), sys.stdout)
        assert output is not None
        output.write("after")
        output.flush()
        assert path.read_text() == "before"
    assert path.read_text() == "after"

    def give_up() -> None:
        with ExitStack() as files:
            open_output(files, "--json", str(path), sys.stdout)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        give_up()
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_something_else_is_not_named_after_the_file(tmp_path: Path) -> None:
    def print_nowhere() -> None:
        with ExitStack() as files:
            open_output(files, "--json", str(tmp_path / "out"), sys.stdout)
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as raised:
        print_nowhere()
    assert raised.value.errno == errno.ENOSPC


def test_what_is_written_at_once_is_looked_at_before(tmp_path: Path) -> None:
    with ExitStack() as files:
        assert optional_output(files, "--json", None) is None
        for name, reason in (("/nowhere/out", "No such file or directory"), ("/", "Is a directory")):
            with pytest.raises(UsageError, match=rf"^--json: {name} cannot be written: {reason}$"):
                Output(files, "--json", name)
        path = tmp_path / "out"
        path.write_text("before")
        path.chmod(0o640)
        output = Output(files, "--json", str(path))
        assert path.read_text() == "before"
        output.put(lambda file: print("after \udc80", file=file))
        assert path.read_text() == "after \\udc80\n"
        assert path.stat().st_mode & 0o777 == 0o640
        assert list(tmp_path.iterdir()) == [path]
        full = Output(files, "--tap", "/dev/full")
        with pytest.raises(UsageError, match=r"^--tap: /dev/full cannot be written: No space left on device$"):
            full.put(lambda file: print("text", file=file))


def test_what_is_no_regular_file_is_written_where_it_is(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with ExitStack() as files:
            Output(files, "--json", str(fifo)).put(lambda file: print("text", file=file))
        assert os.read(reader, 100) == b"text\n"
    finally:
        os.close(reader)
    assert fifo.is_fifo()


def test_all_is_done_although_some_of_it_is_wrong() -> None:
    done = []

    def wrong(what: str) -> None:
        done.append(what)
        raise UsageError(what)

    with pytest.raises(UsageError, match=r"^one; three$"):
        do_all((lambda: wrong("one"), lambda: done.append("two"), lambda: wrong("three")))
    assert done == ["one", "two", "three"]
