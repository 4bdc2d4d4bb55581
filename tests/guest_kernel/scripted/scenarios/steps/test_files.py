# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about files."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.runner import Listener, ScenarioFailure
from guest_kernel.scripted.scenarios.scenario import (
    Discard,
    Expect,
    Mmap,
    Process,
    ProcessLoad,
    Read,
    Reclaim,
    ScenarioError,
    Step,
    Table,
    Truncate,
    Write,
    Writeback,
)
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from tests.support.scenarios import AT, error, hosted, planned_error, run


def test_what_is_written_is_dirty_and_stable_and_read_from_the_cache() -> None:
    runner = run(Write(file="data", first=3, pages=20, times=2), Read(file="data", first=3, pages=20))
    file = runner.world.files["data"]
    assert sorted(file.pages) == list(range(3, 23))
    for page in file.pages.values():
        assert page.flags & flags.DIRTY
        assert runner.machine.states.bytes[page.frame] == 0
    # Whole pages are written: none is read before; but a block with the inode is.
    assert (runner.kernel.disk.reads, runner.kernel.disk.writes) == (1, 0)


def test_writing_stores_the_version_of_each_page() -> None:
    runner = run(Write(file="data", first=3, pages=2, times=2), Write(file="data", first=4, pages=1))
    file = runner.world.files["data"]
    for index, version in ((3, 2), (4, 3)):
        page = file.pages[index]
        assert runner.machine.read_storage(page.address, 4096) == page_content(file.inode, index, version)


def test_writeback_brings_it_to_the_disk_and_makes_it_volatile() -> None:
    runner = run(
        Write(file="data", pages=28),
        Writeback(file="log"),
        Expect(equal={"disk-writes": 0}),
        Writeback(file="data"),
        Expect(equal={"disk-writes": 28}, at_least={"Vr": 28}),
        Writeback(),
        Expect(equal={"disk-writes": 28}),
        Discard(),
        Read(file="data", pages=28),
        Expect(at_least={"discarded": 28}),
    )
    inode = runner.world.files["data"].inode
    assert runner.kernel.disk.content(inode, 27) == page_content(inode, 27, 1)


def test_truncation_takes_pages_out_of_the_cache() -> None:
    runner = run(Read(file="data"), Truncate(file="data", pages=10), Read(file="data"))
    assert sorted(runner.world.files["data"].pages) == list(range(10))


def test_what_is_read_must_fit_the_size_at_that_time() -> None:
    cut = Truncate(file="data", pages=10)
    assert planned_error(cut, Read(file="data", first=10)) == "first: 'data' has 10 pages, and no page 10"
    assert planned_error(cut, Write(file="data", pages=11)) == "pages: 'data' has 10 pages: 11 is past its end"
    assert planned_error(cut, Truncate(file="data", pages=11)) == (
        "pages: 'data' has 10 pages and cannot grow: expected no more"
    )
    assert (
        planned_error(Truncate(file="data", pages=0), Read(file="data")) == "first: 'data' has 0 pages, and no page 0"
    )


def test_reclaim_frees_pages_of_the_cache() -> None:
    runner = run(Read(file="data"), Reclaim(pages=40))
    assert len(runner.world.files["data"].pages) == 20


def test_reclaim_writes_what_is_dirty() -> None:
    run(Write(file="data"), Reclaim(pages=40), Expect(equal={"disk-writes": 40}), Read(file="data"))


def test_more_than_can_be_reclaimed() -> None:
    assert error(Read(file="data"), Reclaim(pages=61)) == "pages: the kernel can free 60 pages now, and not 61"


@pytest.mark.parametrize(
    ("step", "message"),
    (
        (Write(file="date"), "file: no file is called 'date'; expected data, log"),
        (Write(file="data", first=60), "first: 'data' has 60 pages, and no page 60"),
        (Write(file="data", first=59, pages=2), "pages: 'data' has 60 pages: 61 is past its end"),
        (Writeback(file="x"), "file: no file is called 'x'; expected data, log"),
        (Truncate(file="x", pages=1), "file: no file is called 'x'; expected data, log"),
    ),
)
def test_files_that_are_not_there(step: Step, message: str) -> None:
    assert planned_error(step) == message


def test_values_that_cannot_be() -> None:
    for make, field in (
        (lambda: Write(file=""), "file"),
        (lambda: Write(file="data", first=-1), "first"),
        (lambda: Write(file="data", pages=0), "pages"),
        (lambda: Write(file="data", times=0), "times"),
        (lambda: Writeback(file=""), "file"),
        (lambda: Truncate(file="", pages=1), "file"),
        (lambda: Truncate(file="data", pages=-1), "pages"),
        (lambda: Reclaim(pages=0), "pages"),
        (lambda: Read(file="data", until="X"), "until"),
        (lambda: Read(file="data", pages=1, times=2, until="X"), "until"),
        (lambda: Read(file="data", pages=1, until=""), "until"),
    ):
        with pytest.raises(ScenarioError) as raised:
            make()
        assert raised.value.field == field


class Damage(Listener):
    """Spoils a page of the file when the named point is reached."""

    def __init__(self) -> None:
        self.spoil = lambda: None

    def table_reached(self, point: object) -> None:
        self.spoil()


def test_a_wrong_byte_fails_the_run_and_names_step_and_page() -> None:
    steps = (Write(file="data", first=7, pages=1), Table(name="now"), Read(file="data", first=7, pages=1))
    with hosted(*steps) as runner:
        damage = Damage()
        runner.listener = damage
        file = runner.world.files["data"]
        damage.spoil = lambda: runner.machine.load_storage(file.pages[7].address + 100, b"\xff")
        with pytest.raises(ScenarioFailure, match=r"step 4 \(read\): wrong content: inode 1, page 7, byte 0x64: 0xff"):
            runner.run()


def test_a_lost_write_fails_the_run() -> None:
    steps = (Write(file="data", first=7, pages=1), Table(name="now"), Read(file="data", first=7, pages=1))
    with hosted(*steps) as runner:
        damage = Damage()
        runner.listener = damage
        file = runner.world.files["data"]
        # The first content is a right one, too, but an old one.
        damage.spoil = lambda: runner.machine.load_storage(file.pages[7].address, page_content(file.inode, 7))
        with pytest.raises(ScenarioFailure, match=r"step 4 \(read\): wrong content: inode 1, page 7"):
            runner.run()


def test_a_process_and_a_reader_see_the_same() -> None:
    run(
        Process(name="p"),
        Mmap(process="p", at=AT, pages=60, file="data", shared=True),
        ProcessLoad(process="p", at=AT, pages=60),
        Write(file="data", first=5, pages=10),
        ProcessLoad(process="p", at=AT, pages=60),
    )
