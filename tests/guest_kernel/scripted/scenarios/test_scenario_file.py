# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as TOML: everything that can be said, and each error with file, line, table and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from guest_kernel.scripted.scenarios.scenario import (
    Allocate,
    Boot,
    Discard,
    Expect,
    File,
    Fork,
    Free,
    Grep,
    HostSettings,
    KernelSettings,
    MachineSettings,
    Mark,
    Mlock,
    Mmap,
    Mprotect,
    Munlock,
    Munmap,
    Note,
    Process,
    ProcessExit,
    ProcessLoad,
    ProcessStore,
    Read,
    Reclaim,
    Remap,
    ResizeHost,
    Resume,
    Scenario,
    ScenarioError,
    Table,
    TakeFrame,
    Tick,
    Touch,
    Tree,
    Truncate,
    Verify,
    Write,
    Writeback,
)
from guest_kernel.scripted.scenarios.scenario_file import parse_scenario, read_scenario
from tests.support.scenario_texts import EVERYTHING, MINIMAL, PROCESSES


def test_everything_that_can_be_said() -> None:
    assert parse_scenario(EVERYTHING) == Scenario(
        description="everything that can be said",
        machine=MachineSettings(pages=512, cpus=2),
        kernel=KernelSettings(patches=(1, 6), cmma=False, image_pages=5),
        host=HostSettings(frames=300, paging_pages=1000, policy="volatile-first"),
        files=(File(name="data", pages=10),),
        trees=(Tree(name="src", files=20, directories=2, median_bytes=5000, sigma=1.5, largest_bytes=100_000, seed=7),),
        steps=(
            Boot(),
            Allocate(group="g", pages=8, order=1, touched=3, cpu=1),
            Touch(group="g", pages=2),
            Verify(),
            Free(group="g"),
            Read(file="data", first=1, pages=2, times=3),
            Grep(tree="src", times=2),
            Tick(times=4),
            ResizeHost(frames=200),
            Table(name="end"),
            Expect(equal={"Vr": 5}, at_least={"disk-reads": 1}, at_most={"z": 2}, within=2.5, note="why"),
        ),
    )


def test_processes_pages_and_tours() -> None:
    scenario = parse_scenario(PROCESSES)
    assert scenario.kernel.swap_pages == 7
    assert scenario.files == (File(name="data", pages=10, dirty_accounting=False),)
    at = 0x2000_0000
    assert scenario.steps == (
        Boot(),
        Note(title="A title", text="A text."),
        Process(name="p"),
        Mmap(process="p", at=at, pages=4, file="data", first=2, shared=True, writable=False),
        Remap(process="p", at=at, pages=1, first=5),
        ProcessLoad(process="p", at=at, pages=2, times=3),
        ProcessStore(process="p", at=at + 4096, until="UserInstruction"),
        Mark(name="it", page="data:3"),
        Resume(),
        Fork(process="p", child="q"),
        Mprotect(process="p", at=at, pages=1, writable=True),
        Mlock(process="p", at=at, pages=1),
        Munlock(process="p", at=at, pages=1),
        Munmap(process="q", at=at, pages=1),
        ProcessExit(process="q"),
        Write(file="data", first=1, pages=2, times=2),
        Writeback(file="data"),
        Truncate(file="data", pages=5),
        Reclaim(pages=2),
        Discard(file="data"),
        TakeFrame(page="p@0x2000_1000"),
        Verify(process="p"),
        Expect(page="it", state="Vr"),
        Expect(page="data:3", state=("Vr", "none"), path=("Sr", "Vr"), requests=(6, 3), changed=True, note="why"),
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    (
        ("at = 0x2000_0000\npages = 4", "at = 0x2000_0004\npages = 4", "f:31: step 4 (mmap): at: expected the address"),
        ("at = 0x2000_0000\npages = 4", "at = 4.5\npages = 4", "f:31: step 4 (mmap): at: expected int, got float"),
        ('child = "q"', 'child = "p"', "f:69: step 10 (fork): child: another process is called 'p'"),
        ('page = "it"', 'page = "data:5"', "f:134: step 23 (expect): page: 'data' has 5 pages, and no page 5"),
        ('state = "Vr"\n', 'state = "Vq"\n', "f:135: step 23 (expect): state: expected Sr, Sp, Sz, Ur"),
        ('state = "Vr"\n', "state = 5\n", "f:135: step 23 (expect): state: expected str | array, got int"),
        ("requests = [6, 3]", "requests = [9]", "f:142: step 24 (expect): requests: expected operation requests"),
        ('text = "A', 'txt = "A', "f:22: step 2 (note): txt: unknown; expected text, title, cpu"),
        ("dirty_accounting = false", "dirty_accounting = 1", "f:14: file 1: dirty_accounting: expected bool, got int"),
        ("swap_pages = 7", "swap_pages = -1", "f:7: kernel: swap_pages: expected 0 to 4,194,304, not -1"),
    ),
)
def test_an_error_about_processes_names_its_line(before: str, after: str, message: str) -> None:
    assert before in PROCESSES
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(PROCESSES.replace(before, after, 1), "f")
    assert str(raised.value).startswith(message)


def test_what_is_not_said() -> None:
    scenario = parse_scenario(MINIMAL)
    assert scenario.kernel == KernelSettings(patches=(1, 2, 3, 4, 5, 6), cmma=True, image_pages=0)
    assert scenario.host is None
    assert scenario.machine.cpus == 1
    assert (scenario.files, scenario.trees) == ((), ())


@pytest.mark.parametrize(
    ("before", "after", "message"),
    (
        ('description = "nothing happens"', "", "f: description: expected one line that says"),
        ('"nothing happens"', '"two\\nlines"', "f:1: description: expected one line that says"),
        ("[machine]\npages = 512\n", "", "f: machine: missing; expected a [machine] table"),
        ("pages = 512", "", "f:2: machine: pages: missing"),
        ("pages = 512", "pages = 500", "f:3: machine: pages: expected a multiple of 256 (1 MB), not 500"),
        ("pages = 512", 'pages = "64M"', "f:3: machine: pages: expected int, got str"),
        ("pages = 512", "pages = true", "f:3: machine: pages: expected int, got bool"),
        ("pages = 512", "pages = 512\ncpu = 1", "f:4: machine: cpu: unknown; expected pages, cpus"),
        ("[machine]", "[machines]", "f:2: machines: unknown; expected description, machine"),
        ("[[step]]", "[step]", "f:4: step: expected [[step]] tables"),
        ('[[step]]\ndo = "boot"\n', "", "f: step 1: do: expected boot as the first step"),
        ('"boot"', '"reboot"', "f:5: step 1: do: expected boot, allocate,"),
        ('do = "boot"', "", "f:4: step 1: do: expected boot, allocate,"),
        ('do = "boot"', "do = [1]", "f:5: step 1: do: expected boot, allocate,"),
        ('do = "boot"', 'do = "boot"\npages = 1', "f:6: step 1 (boot): pages: unknown; expected cpu"),
        ('do = "boot"', 'do = "boot"\ncpu = 1', "f:6: step 1 (boot): cpu: expected 0 to 0, not 1"),
        ("[[step]]", "[[step]", "f:4: not TOML: "),
        ("[[step]]", "[kernel]\npatches = [0]\n[[step]]", "f:5: kernel: patches: expected numbers of patches, 1 to 6"),
        ("[[step]]", '[kernel]\npatches = ["1"]\n[[step]]', "f:5: kernel: patches: expected int, got str"),
        ("[[step]]", "[[file]]\npages = 1\n[[step]]", "f:4: file 1: name: missing"),
    ),
)
def test_an_error_names_file_line_table_and_field(before: str, after: str, message: str) -> None:
    assert MINIMAL.count(before) == 1
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(MINIMAL.replace(before, after), "f")
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    (
        ("first = 1", "first = 9", "f:57: step 6 (read): pages: 'data' has 10 pages: 11 is past its end"),
        ('file = "data"', 'file = "date"', "f:55: step 6 (read): file: no file is called 'date'; expected data"),
        ("pages = 2\n\n", "pages = 6\n\n", "f:44: step 3 (touch): pages: only 5 pages of 'g' are untouched"),
        ("{ Vr = 5 }", '{ Vr = "5" }', "f:79: step 11 (expect): equal: expected int, got str"),
        ("{ Vr = 5 }", "{ Wr = 5 }", "f:79: step 11 (expect): equal: 'Wr' is unknown; expected S, U, P, V, r"),
        ("{ Vr = 5 }", "5", "f:79: step 11 (expect): equal: expected object, got int"),
    ),
)
def test_an_error_in_a_long_scenario_names_its_line(before: str, after: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(EVERYTHING.replace(before, after, 1), "f")
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    (
        "a = " + "[" * 100_000,
        "machine = 5",
        "step = 5",
        MINIMAL + "host = 5",
        'description = "d"\nmachine = 5\nstep = []',
        'description = "d"\nmachine = {pages = 512}\nstep = [5]',
        MINIMAL + '[[step]]\ndo = "tick"\ntimes = 0x' + "f" * 9000,
    ),
)
def test_anything_else_is_an_error_of_one_line(text: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("right", "wrong", "near"),
    (('do = "boot"', 'do = "boto"', "boot"), ("[machine]", "[machin]", "machine"), ("pages =", "page =", "pages")),
)
def test_what_is_near_is_asked_for(right: str, wrong: str, near: str) -> None:
    with pytest.raises(ScenarioError, match=rf": did you mean {near}\?$"):
        parse_scenario(EVERYTHING.replace(right, wrong, 1))


def test_tables_in_line() -> None:
    text = 'description = "d"\nmachine = {pages = 512}\nstep = [{do = "boot"}, {do = "table", name = "n"}]'
    assert parse_scenario(text).steps == (Boot(), Table(name="n"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"missing\.toml: cannot be read: No such file"):
        read_scenario(tmp_path / "missing.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'description = "\xe4"')
    with pytest.raises(ScenarioError, match=r"latin\.toml: not TOML: expected UTF-8, found 0xe4"):
        read_scenario(path)
    path.write_text(MINIMAL)
    assert read_scenario(path) == parse_scenario(MINIMAL)
