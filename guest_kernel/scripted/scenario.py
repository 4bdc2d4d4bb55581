# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios: a machine, a kernel, files, and the steps that it takes, with what is expected of them.

A scenario is data and depends on nothing but itself: no clock, no chance.  :mod:`guest_kernel.scripted.scenario_file`
reads scenarios from TOML, where the fields have the same names, and :mod:`guest_kernel.scripted.runner` carries them
out.  All sizes are in pages of 4 KiB unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from guest_kernel.scripted.expectation import NAMES as MEASURES

PAGES_OF_A_MEGABYTE: Final = 256
_MOST_PAGES: Final = 1 << 22
"""16 GiB: each page costs the model some hundred bytes."""
_MOST_CPUS: Final = 8
"""Their prefix areas lie below the text of the kernel."""
_MOST: Final = 1 << 40
"""More than anything here counts to."""
SLAB_GROUP: Final = "slab"
"""The group of the pages that the kernel needs for files."""
_MAX_ORDER: Final = 10
_PATCHES: Final = range(1, 7)


class ScenarioError(ValueError):
    """A scenario cannot be carried out; the message is one line that says where, and what was expected."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(f"{field}: {text}" if field else text)
        self.text = text
        self.field = field
        """The field that is wrong; empty if it is not a single one."""


def _require(name: str, value: float | None, least: float, most: float = _MOST) -> None:
    if value is not None and not least <= value <= most:
        # In hexadecimal if it is long, since a number of thousands of digits cannot be shown otherwise.
        shown = f"{value:#x}" if isinstance(value, int) and abs(value) > _MOST else f"{value:,}"
        raise ScenarioError(f"expected {least:,} to {most:,}, not {shown}", name)


def _require_name(name: str, value: str) -> None:
    if not value or not value.isprintable():
        raise ScenarioError(f"expected a name, not {value!r}", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The machine."""

    pages: int
    """Absolute storage, a multiple of 256 (1 MB)."""
    cpus: int = 1

    def __post_init__(self) -> None:
        _require("pages", self.pages, PAGES_OF_A_MEGABYTE, _MOST_PAGES)
        if self.pages % PAGES_OF_A_MEGABYTE:
            raise ScenarioError(f"expected a multiple of {PAGES_OF_A_MEGABYTE} (1 MB), not {self.pages:,}", "pages")
        _require("cpus", self.cpus, 1, _MOST_CPUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSettings:
    """The kernel."""

    patches: tuple[int, ...] = tuple(_PATCHES)
    """Which of the six patches of guest page hinting it has."""
    cmma: bool = True
    """The kernel parameter of that name: whether it uses ESSA at all."""
    image_pages: int = 0
    """Pages of its image, which is loaded before it begins and stays for ever."""

    def __post_init__(self) -> None:
        for patch in self.patches:
            if patch not in _PATCHES:
                raise ScenarioError(f"expected numbers of patches, 1 to {_PATCHES[-1]}, not {patch}", "patches")
        _require("image_pages", self.image_pages, 0, _MOST_PAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The host under the machine, for whoever makes it: the kernel knows nothing of it."""

    frames: int | None = None
    """Real storage, in pages; None is as much as the guest may want."""
    paging_pages: int | None = None
    """What the paging device holds; None is every page of the guest."""
    policy: str = "lru"
    """Which pages go first."""

    def __post_init__(self) -> None:
        _require("frames", self.frames, 1)
        _require("paging_pages", self.paging_pages, 0)
        _require_name("policy", self.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file on the guest's disk."""

    name: str
    pages: int

    def __post_init__(self) -> None:
        _require_name("name", self.name)
        _require("pages", self.pages, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A directory tree on the guest's disk, whose files have log-normally distributed sizes."""

    name: str
    files: int
    directories: int = 1
    median_bytes: int
    """Half of the files are smaller."""
    sigma: float = 0.0
    """Standard deviation of the natural logarithm of the size; 0 makes all files the same."""
    largest_bytes: int = 1 << 24
    """No file is larger."""
    seed: int = 0
    """Of the random numbers."""

    def __post_init__(self) -> None:
        _require_name("name", self.name)
        _require("files", self.files, 1, _MOST_PAGES)
        _require("directories", self.directories, 1, self.files)
        _require("median_bytes", self.median_bytes, 1)
        _require("sigma", self.sigma, 0, 5)
        _require("largest_bytes", self.largest_bytes, self.median_bytes)
        _require("seed", self.seed, 0)


class _Step:
    """What is common to all steps."""

    __slots__ = ()
    do: ClassVar[str]
    """Its name in a scenario file."""
    cpu: int
    """The CPU that does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(_Step):
    """The kernel finds out whether there is ESSA, and frees all storage but its image.  Always the first step."""

    do: ClassVar[str] = "boot"
    cpu: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocate(_Step):
    """Allocate pages for data of the kernel or of processes, and keep them in a group."""

    do: ClassVar[str] = "allocate"
    group: str
    """Slab, page tables, stacks: whatever they are called; several steps may add to a group."""
    pages: int
    """A multiple of the block size that *order* means."""
    order: int = 0
    touched: int | None = None
    """To how many of them, from the first on, something is stored; None: all."""
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_name("group", self.group)
        if self.group == SLAB_GROUP:
            raise ScenarioError(f"{SLAB_GROUP!r} is what the kernel itself allocates; expected another name", "group")
        _require("pages", self.pages, 1)
        _require("order", self.order, 0, _MAX_ORDER)
        if self.pages % (1 << self.order):
            raise ScenarioError(f"expected a multiple of the block of {1 << self.order} pages", "pages")
        _require("touched", self.touched, 0, self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch(_Step):
    """Store to pages of a group to which nothing has been stored, the first ones first."""

    do: ClassVar[str] = "touch"
    group: str
    pages: int
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_name("group", self.group)
        _require("pages", self.pages, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Free(_Step):
    """Free the pages of a group after a look at what is in them."""

    do: ClassVar[str] = "free"
    group: str
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_name("group", self.group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify(_Step):
    """Load from each touched page of a group, or of all groups, and check what is in it."""

    do: ClassVar[str] = "verify"
    group: str | None = None
    cpu: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(_Step):
    """Read a file, or pages of it, and check every byte."""

    do: ClassVar[str] = "read"
    file: str
    first: int = 0
    """The first page that is read."""
    pages: int | None = None
    """How many; None: to the end of the file."""
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_name("file", self.file)
        _require("first", self.first, 0)
        _require("pages", self.pages, 1)
        _require("times", self.times, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grep(_Step):
    """Read every file of a tree, and check every byte."""

    do: ClassVar[str] = "grep"
    tree: str
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_name("tree", self.tree)
        _require("times", self.times, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(_Step):
    """Timer interruptions on a CPU: discarded pages whose freeing was delayed get free (patch 6)."""

    do: ClassVar[str] = "tick"
    times: int = 1
    cpu: int = 0

    def __post_init__(self) -> None:
        _require("times", self.times, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeHost(_Step):
    """The host gets more or fewer frames: data for whoever has made the host."""

    do: ClassVar[str] = "resize-host"
    frames: int
    cpu: int = 0

    def __post_init__(self) -> None:
        _require("frames", self.frames, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(_Step):
    """A named point, at which the page states are recorded."""

    do: ClassVar[str] = "table"
    name: str
    cpu: int = 0

    def __post_init__(self) -> None:
        _require_name("name", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(_Step):
    """What must have come out by now: cells of the accounting table (``Vr``, ``S``, ``z``) and counters."""

    do: ClassVar[str] = "expect"
    equal: Mapping[str, int] = field(default_factory=dict)
    """Each within :attr:`within` per cent."""
    at_least: Mapping[str, int] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)
    within: float = 0
    """Per cent of the expected number by which those in *equal* may differ from it."""
    note: str = ""
    """Where the numbers come from."""
    cpu: int = 0

    def __post_init__(self) -> None:
        _require("within", self.within, 0, 100)
        for name, numbers in (("equal", self.equal), ("at_least", self.at_least), ("at_most", self.at_most)):
            for measure, number in numbers.items():
                if measure not in MEASURES:
                    raise ScenarioError(f"{measure!r} is unknown; expected {', '.join(MEASURES)}", name)
                _require(name, number, 0)
        if not (self.equal or self.at_least or self.at_most):
            raise ScenarioError("expected at least one of equal, at_least and at_most")


Step = Boot | Allocate | Touch | Free | Verify | Read | Grep | Tick | ResizeHost | Table | Expect
STEPS: Final[Mapping[str, type[Step]]] = {
    kind.do: kind for kind in (Boot, Allocate, Touch, Free, Verify, Read, Grep, Tick, ResizeHost, Table, Expect)
}
"""The steps by name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a scenario comes from, for messages."""

    name: str = "scenario"
    """Of the file."""
    lines: Mapping[tuple[str, int], Mapping[str, int]] = field(default_factory=dict)
    """The line of each field by the name and number, from 1, of its table; the field '' is the table's heading."""

    def error(self, text: str, table: str, number: int = 1, field: str = "", what: str = "") -> ScenarioError:
        """The error *text* about *field* of the *number*-th *table*; *what* tells more about the table."""
        lines = self.lines.get((table, number), {})
        line = lines.get(field, lines.get(""))
        place = self.name if line is None else f"{self.name}:{line}"
        which = f"{table} {number}" if table in {"step", "file", "tree"} else table
        parts = [place, f"{which} ({what})" if what else which, *([field] if field else []), text]
        return ScenarioError(": ".join(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it.

    :raises ScenarioError: if its parts do not fit each other.
    """

    description: str
    machine: MachineSettings
    steps: tuple[Step, ...]
    kernel: KernelSettings = KernelSettings()
    host: HostSettings | None = None
    files: tuple[File, ...] = ()
    trees: tuple[Tree, ...] = ()
    origin: Origin = field(default=Origin(), compare=False)

    def __post_init__(self) -> None:
        self._require_unique_names()
        if not self.steps or not isinstance(self.steps[0], Boot):
            raise self.step_error(1, "expected boot as the first step", "do")
        untouched: dict[str, int] = {}
        for number, step in enumerate(self.steps, 1):
            try:
                self._check(step, number)
                self._check_group(step, untouched)
            except ScenarioError as reason:
                raise self.step_error(number, reason.text, reason.field) from None

    def step_error(self, number: int, text: str, field: str = "") -> ScenarioError:
        """The error *text* about *field* of step *number*, from 1."""
        what = self.steps[number - 1].do if number <= len(self.steps) else ""
        return self.origin.error(text, "step", number, field, what)

    def _require_unique_names(self) -> None:
        tables = {number: step.name for number, step in enumerate(self.steps, 1) if isinstance(step, Table)}
        for kind, names in (
            ("file", {number: file.name for number, file in enumerate(self.files, 1)}),
            ("tree", {number: tree.name for number, tree in enumerate(self.trees, 1)}),
            ("step", tables),
        ):
            seen: set[str] = set()
            for number, name in names.items():
                if name in seen:
                    what = self.steps[number - 1].do if kind == "step" else ""
                    raise self.origin.error(f"another {kind} is called {name!r}", kind, number, "name", what)
                seen.add(name)

    def _check_group(self, step: Step, untouched: dict[str, int]) -> None:
        """Check that *step* uses pages that there are; *untouched* is kept for each group there is."""
        if isinstance(step, Allocate):
            touched = step.pages if step.touched is None else step.touched
            untouched[step.group] = untouched.get(step.group, 0) + step.pages - touched
        elif isinstance(step, Touch | Free | Verify) and step.group is not None:
            if step.group not in untouched:
                raise ScenarioError(f"nothing is allocated as {step.group!r}{_choice(list(untouched))}", "group")
            if isinstance(step, Free):
                del untouched[step.group]
            elif isinstance(step, Touch):
                left = untouched[step.group]
                if step.pages > left:
                    raise ScenarioError(f"only {left:,} pages of {step.group!r} are untouched", "pages")
                untouched[step.group] = left - step.pages

    def _check(self, step: Step, number: int) -> None:
        _require("cpu", step.cpu, 0, self.machine.cpus - 1)
        if isinstance(step, Boot) and number > 1:
            raise ScenarioError("expected only as the first step", "do")
        if isinstance(step, ResizeHost) and self.host is None:
            raise ScenarioError("expected only with a [host] table", "do")
        if isinstance(step, Grep):
            self.tree(step.tree)
        if isinstance(step, Read):
            file = self.file(step.file)
            if step.first >= file.pages:
                raise ScenarioError(f"{file.name!r} has {file.pages:,} pages, and no page {step.first:,}", "first")
            end = step.first + (step.pages or 0)
            if end > file.pages:
                raise ScenarioError(f"{file.name!r} has {file.pages:,} pages: {end:,} is past its end", "pages")

    def file(self, name: str) -> File:
        """The file *name*.

        :raises ScenarioError: if there is none.
        """
        found = next((each for each in self.files if each.name == name), None)
        if found is None:
            raise ScenarioError(f"no file is called {name!r}{_choice([each.name for each in self.files])}", "file")
        return found

    def tree(self, name: str) -> Tree:
        """The tree *name*.

        :raises ScenarioError: if there is none.
        """
        found = next((each for each in self.trees if each.name == name), None)
        if found is None:
            raise ScenarioError(f"no tree is called {name!r}{_choice([each.name for each in self.trees])}", "tree")
        return found


def _choice(names: list[str]) -> str:
    return f"; expected {', '.join(names)}" if names else ""
