# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of a machine: what they mean, what follows from others, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from emu.facilities import DEFAULT_FACILITIES
from emu.page_states import Profile
from host.policies import Policy
from tools.machines.images import BootFiles
from tools.machines.options import Disk, HistoryOptions, HostOptions, MachineOptions, SymbolOptions, SymbolSource
from tools.usage.errors import UsageError
from tools.usage.options import read_options


def read(**typed: object) -> MachineOptions:
    return read_options(MachineOptions, {"image": "program.elf"} | typed)


def test_defaults() -> None:
    options = read()
    assert options == MachineOptions(image=BootFiles(Path("program.elf")))
    assert (options.memory, options.cpus, options.guests) == (256 << 20, 1, 1)
    assert (options.profile, options.facilities) == (Profile.ZVM, DEFAULT_FACILITIES)
    assert (options.host, options.disks, options.uuid) == (None, (), None)


def test_what_is_typed() -> None:
    options = read(
        memory="2M",
        profile="kvm",
        disk=["a", "b:rw"],
        facility=[147],
        no_facility=[131],
        uuid="0" * 31 + "1",
        host_memory="4M",
        policy="volatile-first",
    )
    assert (options.memory, options.profile, options.uuid) == (2 << 20, Profile.KVM, UUID(int=1))
    assert options.disks == (Disk(Path("a")), Disk(Path("b"), is_writable=True))
    assert options.facilities == (DEFAULT_FACILITIES | {147}) - {131}
    assert options.host == HostOptions(memory=4 << 20, policy=Policy.VOLATILE_FIRST)


def test_facilities_depend_on_each_other() -> None:
    assert read(facility=[169]).facilities == DEFAULT_FACILITIES - {10, 14, 66} | {169}
    assert read(no_facility=[18]).facilities == DEFAULT_FACILITIES - {18, 19}


def test_several_guests_have_a_host() -> None:
    assert read(guests=2).host == HostOptions()


def test_what_belongs_to_the_image_is_taken_unless_something_else_is_said() -> None:
    image = BootFiles(Path("kernel"), Path("initrd"), "console=ttyS0")
    options = MachineOptions(image=image)
    assert (options.ramdisk, options.command_line) == (Path("initrd"), "console=ttyS0")
    options = MachineOptions(image=image, ramdisk=Path("other"), command_line="")
    assert (options.ramdisk, options.command_line) == (Path("other"), "")


@pytest.mark.parametrize(
    ("typed", "message"),
    (
        ({"memory": "512G", "guests": 3}, "--memory: expected at most 1T of all guests together, not 3 times 512G"),
        ({"facility": [146]}, "--facility: expected one of "),
        ({"facility": [129, 135]}, "--facility: expected one of "),
        ({"facility": [169, 14]}, "--facility: 169 and 14 exclude each other"),
        ({"facility": [53], "no_facility": [45]}, "--facility: 53 needs 45, which is not installed"),
        ({"no_facility": [5000, 146]}, "--no-facility: expected one of "),
        ({"name": "名"}, "--name: expected characters that EBCDIC has, not '名'"),
        ({"uuid": "1"}, "--uuid: expected 32 hexadecimal digits, as in 00000000-0000-0000-0000-000000000001, not '1'"),
        ({"disk": ["a:rw"], "guests": 2}, "--disk: several guests cannot write the same image, a:rw"),
        ({"guests": 65}, "--guests: expected 1 to 64, not 65"),
    ),
)
def test_wrong_use(typed: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(**typed)
    assert str(raised.value).startswith(message)


def test_a_change_is_checked_too() -> None:
    with pytest.raises(UsageError, match="--memory: expected at most 1T of all guests together"):
        replace(read(memory="1T"), guests=2)


def symbols(*typed: str) -> tuple[SymbolSource, ...]:
    return read_options(SymbolOptions, {"symbols": list(typed)}).symbols


def test_a_file_of_symbols_may_have_an_offset(tmp_path: Path) -> None:
    assert SymbolOptions().symbols == ()
    assert symbols("a.elf", "b@0x1000", "c@20") == (
        *(SymbolSource(Path("a.elf")), SymbolSource(Path("b"), 0x1000), SymbolSource(Path("c"), 0x20)),
    )
    odd = tmp_path / "me@home"
    odd.touch()
    assert symbols(str(odd)) == (SymbolSource(odd),)


def test_an_offset_is_an_address() -> None:
    with pytest.raises(UsageError, match="--symbols: expected a hexadecimal address, not 'x'"):
        symbols("a.elf@x")


def test_what_going_back_may_take() -> None:
    assert read_options(HistoryOptions, {}).history == 512 << 20
    assert [read_options(HistoryOptions, {"history": typed}).history for typed in ("0", "2G")] == [0, 2 << 30]


@pytest.mark.parametrize("typed", ("1K", "1025G"))
def test_a_history_that_cannot_be(typed: str) -> None:
    with pytest.raises(UsageError, match=f"--history: expected 0, or 1M to 1T, not {typed}"):
        read_options(HistoryOptions, {"history": typed})
