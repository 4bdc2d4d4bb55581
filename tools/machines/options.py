# SPDX-License-Identifier: GPL-2.0-or-later
"""The options that describe a machine and its host, which several subcommands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.input_files.sizes import format_size, parse_address, parse_size
from tools.machines.images import BootFiles, find_image, image_names
from tools.usage.errors import UsageError
from tools.usage.options import MOST_COUNTED, argument, group, member_of, option, values_of, within

if TYPE_CHECKING:
    from uuid import UUID

    from emu.page_states import Profile
    from host.policies import Policy

MOST_MEMORY: Final = 1 << 40
"""1 TiB, of a host as of all its guests together: the records of more pages would fill the memory of this computer."""
_MEGABYTE: Final = 1 << 20
_LONGEST_COMMAND_LINE: Final = 1 << 16
_MOST_CPUS: Final = 248
_MOST_GUESTS: Final = 64
_WRITABLE: Final = ":rw"
_HOST: Final = "The host"


@dataclass(frozen=True, slots=True)
class Disk:
    """The image of a disk."""

    path: Path
    is_writable: bool = False


# From what is typed to what it means


def _memory(text: str) -> int:
    memory = parse_size(text)
    if memory == 0 or memory % _MEGABYTE:
        raise ValueError(f"expected a multiple of 1M, not {text}")
    if memory > MOST_MEMORY:
        raise ValueError(f"expected at most {format_size(MOST_MEMORY)}, not {text}")
    return memory


def _command_line(text: str) -> str:
    from emu.kernel_image import command_line_bytes

    # The image says later how much room there is.
    command_line_bytes(text, _LONGEST_COMMAND_LINE)
    return text


def _disks(texts: list[str]) -> tuple[Disk, ...]:
    return tuple(Disk(Path(text.removesuffix(_WRITABLE)), text.endswith(_WRITABLE)) for text in texts)


def _profiles() -> type[Profile]:
    from emu.page_states import Profile

    return Profile


def _policies() -> type[Policy]:
    from host.policies import Policy

    return Policy


def _facility_numbers(_: str) -> list[str]:
    from emu.facilities import OFFERED

    return [str(number) for number in sorted(OFFERED)]


def _facilities(numbers: list[int]) -> frozenset[int]:
    from emu.facilities import OFFERED

    unknown = frozenset(numbers) - OFFERED
    if unknown:
        raise ValueError(f"expected one of {', '.join(map(str, sorted(OFFERED)))}, not {min(unknown)}")
    return frozenset(numbers)


def _ebcdic(text: str) -> str:
    try:
        text.encode("cp037")
    except UnicodeEncodeError:
        raise ValueError(f"expected characters that EBCDIC has, not {text!r}") from None
    return text


def _uuid(text: str) -> UUID:
    from uuid import UUID

    try:
        return UUID(text)
    except ValueError:
        raise ValueError(f"expected 32 hexadecimal digits, as in {UUID(int=1)}, not {text!r}") from None


def _pages(text: str) -> int:
    size = parse_size(text)
    if size % PAGE_SIZE or not size:
        raise ValueError(f"expected a multiple of 4K, not {text}")
    return size


def _host_memory(text: str) -> int:
    memory = _pages(text)
    if memory > MOST_MEMORY:
        raise ValueError(f"expected at most {format_size(MOST_MEMORY)}, not {text}")
    return memory


def _history(text: str) -> int:
    size = parse_size(text)
    if size and not _MEGABYTE <= size <= MOST_MEMORY:
        raise ValueError(f"expected 0, or 1M to {format_size(MOST_MEMORY)}, not {text}")
    return size


def _paging_size(text: str) -> int:
    from host.paging_file import SLOTS_MAXIMUM

    size, most = _pages(text), SLOTS_MAXIMUM * PAGE_SIZE
    if size > most:
        raise ValueError(f"expected at most {format_size(most)}, not {text}")
    return size


profile: Final = member_of(_profiles)
"""The profile with a name."""
profile_names: Final = values_of(_profiles)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """The host under the guests."""

    memory: int | None = option(
        flag="--host-memory",
        metavar="SIZE",
        panel=_HOST,
        help="The host's real storage; by default it has all that the guests may want.",
        parse=_host_memory,
    )
    """In bytes."""
    paging_file: Path | None = option(
        metavar="FILE",
        panel=_HOST,
        help="The paging device; by default an unnamed file, gone at the end.",
        parse=Path,
    )
    paging_size: int | None = option(
        metavar="SIZE",
        panel=_HOST,
        help="How much the paging device holds; by default all pages of the guests.",
        parse=_paging_size,
    )
    """In bytes."""
    policy: Policy = option(
        "lru",
        metavar="NAME",
        panel=_HOST,
        help="Which pages go first: lru, unused-first or volatile-first.",
        parse=member_of(_policies),
        complete=values_of(_policies),
    )
    plan: Path | None = option(
        metavar="FILE", panel=_HOST, help="Pressure and faults on purpose, as TOML; see host/README.", parse=Path
    )
    monitor: bool = option(
        False, panel=_HOST, help="Watch the guests and ask them for pages, as a balloon does (SMSG SHRINK n)."
    )
    allow_resident_unused: bool = option(
        False, panel=_HOST, help="Let an unused page be accessed while it still has its frame (z/VM profile)."
    )
    sample_every: int | None = option(
        kind=int,
        least=1,
        most=MOST_COUNTED,
        metavar="N",
        panel=_HOST,
        help="Record the table of page states every N units of work (JSON: series).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """What is to run, and on what machine.

    :raises UsageError: if the options do not fit each other.
    """

    image: BootFiles = argument(
        metavar="IMAGE",
        help="An ELF64 executable, a Linux kernel image, a bare image; or the name of a program that ships, such as "
        "hello (essa programs lists them; a file of that name comes first), or debian (see essa fetch).",
        parse=find_image,
        complete=image_names,
    )
    memory: int = option(
        "256M", metavar="SIZE", help="Absolute storage, a multiple of 1M.", is_for_programs=True, parse=_memory
    )
    """In bytes, of each guest."""
    cpus: int = option(
        1,
        metavar="N",
        help=f"How many CPUs, 1 to {_MOST_CPUS}.",
        is_for_programs=True,
        parse=within(1, _MOST_CPUS),
    )
    command_line: str | None = option(
        flag="--cmdline",
        metavar="TEXT",
        help="Command line of the program, at 0x10480; of several guests, {guest} becomes the number of each.",
        is_for_programs=True,
        parse=_command_line,
    )
    ramdisk: Path | None = option(
        flag="--initrd",
        metavar="FILE",
        help="The initial RAM disk of a Linux kernel.",
        is_for_programs=True,
        parse=Path,
    )
    disks: tuple[Disk, ...] = option(
        flag="--disk",
        metavar="FILE[:rw]",
        help="A virtio disk with this image, read-only unless :rw is said; may be repeated. Several guests share them.",
        is_repeated=True,
        is_for_programs=True,
        parse=_disks,
    )
    profile: Profile = option(
        "zvm",
        metavar="NAME",
        help="Whose ESSA: zvm (discard faults), kvm, or off.",
        parse=profile,
        complete=profile_names,
    )
    with_facilities: frozenset[int] = option(
        flag="--facility",
        metavar="BIT",
        help="Install this facility, and none that it excludes; may be repeated.",
        kind=int,
        is_repeated=True,
        parse=_facilities,
        complete=_facility_numbers,
    )
    without_facilities: frozenset[int] = option(
        flag="--no-facility",
        metavar="BIT",
        help="Do not install it, and none that needs it; may be repeated.",
        kind=int,
        is_repeated=True,
        parse=_facilities,
        complete=_facility_numbers,
    )
    name: str = option(
        "guest",
        metavar="TEXT",
        help="The guest's name, as STSI 3.2.2 shows it.",
        is_for_programs=True,
        parse=_ebcdic,
    )
    uuid: UUID | None = option(
        metavar="UUID", help="The guest's UUID, as STSI 3.2.2 shows it.", is_for_programs=True, parse=_uuid
    )
    guests: int = option(
        1,
        metavar="N",
        panel=_HOST,
        help="How many guests run the image, in turn, on one host.",
        is_for_programs=True,
        parse=within(1, _MOST_GUESTS),
    )
    host: HostOptions | None = group(HostOptions)
    """None if every page just has a frame."""

    def __post_init__(self) -> None:
        if self.memory * self.guests > MOST_MEMORY:
            most, each = format_size(MOST_MEMORY), format_size(self.memory)
            raise UsageError(
                f"--memory: expected at most {most} of all guests together, not {self.guests} times {each}"
            )
        both = self.with_facilities & self.without_facilities
        if both:
            raise UsageError(f"--facility and --no-facility: both name {min(both)}")
        if self.with_facilities or self.without_facilities:
            try:
                _ = self.facilities
            except ValueError as reason:
                raise UsageError(f"--facility: {reason}") from None
        for disk in self.disks:
            if disk.is_writable and self.guests > 1:
                raise UsageError(f"--disk: several guests cannot write the same image, {disk.path}{_WRITABLE}")
        # Defaults that follow from other options.
        if self.command_line is None:
            object.__setattr__(self, "command_line", self.image.command_line)
        if self.ramdisk is None:
            object.__setattr__(self, "ramdisk", self.image.ramdisk)
        if self.host is None and self.guests > 1:
            object.__setattr__(self, "host", HostOptions())

    @property
    def facilities(self) -> frozenset[int]:
        """The facilities that are installed."""
        from emu.facilities import installed

        return installed(self.with_facilities, self.without_facilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetOptions:
    """How far a program may run."""

    max_instructions: int | None = option(
        kind=int,
        least=1,
        most=MOST_COUNTED,
        metavar="N",
        help="Stop with exit status 4 after N instructions.",
        is_for_programs=True,
    )


@dataclass(frozen=True, slots=True)
class SymbolSource:
    """A file of symbols, and how far from where it says the program lies."""

    path: Path
    offset: int = 0
    """In bytes."""


def _symbol_sources(texts: list[str]) -> tuple[SymbolSource, ...]:
    return tuple(map(_symbol_source, texts))


def _symbol_source(text: str) -> SymbolSource:
    path, at, offset = text.rpartition("@")
    if not at:
        return SymbolSource(Path(text))
    try:
        return SymbolSource(Path(path), parse_address(offset))
    except ValueError:
        # There may be an @ in the name of a file.
        if Path(text).exists():
            return SymbolSource(Path(text))
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolOptions(BudgetOptions):
    """The same, and where the names of addresses come from."""

    symbols: tuple[SymbolSource, ...] = option(
        metavar="FILE[@OFFSET]",
        help="Symbols besides those of the image: an ELF file, System.map or kallsyms; may be repeated.",
        is_repeated=True,
        is_for_programs=True,
        parse=_symbol_sources,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions(SymbolOptions):
    """The same, and how much may be kept to go back."""

    history: int = option(
        "512M",
        metavar="SIZE",
        help="What going back may take of this computer's memory; 0 keeps nothing to go back to.",
        is_for_programs=True,
        parse=_history,
    )
    """In bytes."""
