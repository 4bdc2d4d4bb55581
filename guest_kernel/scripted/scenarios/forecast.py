# SPDX-License-Identifier: GPL-2.0-or-later
"""What there is at each step of a scenario, as far as it can be told before it is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guest_kernel.scripted.scenarios.settings import ScenarioError, choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guest_kernel.scripted.scenarios.settings import File, HostSettings, Tree


class Forecast:
    """What there is before the next step."""

    def __init__(
        self,
        host: HostSettings | None,
        files: Iterable[File],
        trees: Iterable[Tree],
    ) -> None:
        self.host = host
        self.files = {file.name: file.pages for file in files}
        """The size of each file now, in pages."""
        self.trees = {tree.name for tree in trees}
        self.untouched: dict[str, int] = {}
        """Of each group, the pages to which nothing has been stored."""
        self.processes: set[str] = set()
        self.marks: set[str] = set()
        """Names that pages have been given."""
        self.number = 0
        """Of the step."""
        self.suspended: dict[int, int] = {}
        """The CPUs that are in the middle of a step, and the number of that."""

    def require_host(self) -> None:
        """Check that there is a host.

        :raises ScenarioError: if there is none.
        """
        if self.host is None:
            raise ScenarioError("expected only with a [host] table", "do")

    def require_file(self, name: str) -> None:
        """Check that there is a file *name*.

        :raises ScenarioError: if there is none.
        """
        if name not in self.files:
            raise ScenarioError(f"no file is called {name!r}{choice(list(self.files))}", "file")

    def require_pages(self, name: str, first: int = 0, pages: int | None = None) -> None:
        """Check that there is a file *name*, and that it has *pages* pages from *first* on (None: at least one).

        :raises ScenarioError: if not.
        """
        self.require_file(name)
        size = self.files[name]
        if first >= size:
            raise ScenarioError(f"{name!r} has {size:,} pages, and no page {first:,}", "first")
        end = first + (pages or 0)
        if end > size:
            raise ScenarioError(f"{name!r} has {size:,} pages: {end:,} is past its end", "pages")

    def require_tree(self, name: str) -> None:
        """Check that there is a tree *name*.

        :raises ScenarioError: if there is none.
        """
        if name not in self.trees:
            raise ScenarioError(f"no tree is called {name!r}{choice(sorted(self.trees))}", "tree")

    def require_group(self, name: str) -> None:
        """Check that there is a group *name*.

        :raises ScenarioError: if there is none.
        """
        if name not in self.untouched:
            raise ScenarioError(f"nothing is allocated as {name!r}{choice(list(self.untouched))}", "group")

    def require_process(self, name: str, field: str = "process") -> None:
        """Check that there is a process *name*.

        :raises ScenarioError: if there is none.
        """
        if name not in self.processes:
            raise ScenarioError(f"no process is called {name!r}{choice(sorted(self.processes))}", field)

    def add_process(self, name: str, field: str) -> None:
        """Note that a process *name* begins.

        :raises ScenarioError: if there is one.
        """
        if name in self.processes:
            raise ScenarioError(f"another process is called {name!r}", field)
        self.processes.add(name)

    def suspend(self, cpu: int, until: str | None) -> None:
        """Note that *cpu* goes only as far as *until*, if that is not None."""
        if until is not None:
            self.suspended[cpu] = self.number

    def begin(self, number: int, cpu: int, *, needs_cpu: bool) -> None:
        """Check that *cpu* can do the step with this *number*, if it *needs_cpu* that is not in the middle of another.

        :raises ScenarioError: if it is.
        """
        self.number = number
        if needs_cpu and cpu in self.suspended:
            raise ScenarioError(f"CPU {cpu} is in the middle of step {self.suspended[cpu]}", "cpu")
