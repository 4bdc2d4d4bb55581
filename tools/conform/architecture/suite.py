# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform architecture``: each case, free and step by step, or on another machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import msgspec

from emu.facilities import installed
from emu.page_states import Profile
from tools.conform.architecture.case import Case
from tools.conform.architecture.case_result import result_of
from tools.conform.architecture.collection import DIRECTORY, cases_of, read_sections
from tools.conform.architecture.export import export
from tools.conform.architecture.image import CaseError, make_image
from tools.conform.architecture.options import EACH, require_consistent
from tools.conform.architecture.qemu import is_installed, run_on_qemu
from tools.conform.choice import choose
from tools.conform.results import Entry, Outcome, Result
from tools.machines.options import profile as profile_called
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.conform.architecture.here import GoOn
    from tools.conform.architecture.image import CaseImage
    from tools.conform.architecture.options import ArchitectureOptions
    from tools.conform.architecture.outcome import CaseOutcome
    from tools.processes.side_by_side import Reporter


_WAYS: Final = {"free": False, "stepped": True}
"""How a case is run here: whether step by step."""


@dataclass(frozen=True, slots=True)
class CaseJob:
    """One case to run."""

    entry: Entry
    case: Case
    profile: Profile
    facilities: frozenset[int]
    max_instructions: int
    program: str | None = None
    """The QEMU that it runs on; None: it runs here."""
    timeout: int = 0

    def run(self, _: Reporter) -> Result | None:
        """See :meth:`tools.conform.suites.Job.run`."""
        try:
            image = make_image(self.case, self.entry.name)
        except CaseError as reason:
            return Result(self.entry, Outcome.FAILED, str(reason))
        if self.program is not None:
            return result_of(
                image, self.entry, {"there": run_on_qemu(image, program=self.program, timeout=self.timeout)}
            )
        outcomes = {way: self._here(image, way) for way in _WAYS}
        result = result_of(image, self.entry, outcomes)
        wrong = next((way for way, outcome in outcomes.items() if outcome.verdict.is_wrong), None)
        if wrong is None:
            return result
        from tools.conform.architecture.case_steps import last_steps

        steps = last_steps(lambda again: self._here(image, wrong, again), outcomes[wrong].instructions)
        return msgspec.structs.replace(result, last_steps=steps)

    def _here(self, image: CaseImage, way: str, again: GoOn | None = None) -> CaseOutcome:
        from tools.conform.architecture.here import run_here

        return run_here(
            image,
            stepped=_WAYS[way],
            profile=self.profile,
            facilities=self.facilities,
            max_instructions=self.max_instructions,
            again=again,
        )


NAME: Final = "architecture"
"""Of the suite, as the catalogue has it."""


class ArchitectureSuite:
    """The cases of a directory."""

    def __init__(self, options: ArchitectureOptions) -> None:
        """Read the cases, and write the images of those that are wanted if *options* says so.

        :raises UsageError: if a case is malformed, none is wanted, options contradict each other, a file cannot be
            written, or the other machine is not there.
        """
        self._options = options
        require_consistent(options)
        if options.on is not None and not is_installed(options.on):
            raise UsageError(f"--on: expected a QEMU for s390x that is installed, not {options.on!r}")
        try:
            self._sections = read_sections(DIRECTORY if options.cases is None else Path(options.cases))
            self._cases = cases_of(self._sections)
            if options.export is not None:
                self._export(Path(options.export))
        except CaseError as reason:
            raise UsageError(str(reason)) from None
        except OSError as reason:
            raise UsageError(f"--export: {options.export} cannot be written: {reason.strerror}") from None

    def _export(self, directory: Path) -> None:
        """Write the images of the cases that are wanted, and say how many.

        :raises CaseError: if there is no image of one.
        :raises OSError: if it cannot be written.
        """
        names = [entry.name for entry in choose(self.entries(), self._options, NAME)]
        images = {name: make_image(self._cases[name], name) for name in names}
        export(images, directory, is_raw_too=self._options.raw)
        print(f"images written to {directory}: {len(names):,}", flush=True)

    def entries(self) -> list[Entry]:
        """See :meth:`tools.conform.suites.Suite.entries`."""
        return [self._entry(name, case) for name, case in self._cases.items()]

    def _entry(self, name: str, case: Case) -> Entry:
        section, basis = name.partition("/")[0], case.basis.value
        return Entry(name, (section, basis), case.rule, case.source, basis, self._sections[section].title)

    def job(self, entry: Entry) -> CaseJob:
        """See :meth:`tools.conform.suites.Suite.job`."""
        options = self._options
        case = self._cases[entry.name]
        facilities = installed(*options.facilities(entry, case.facilities))
        profile = _profile(options.profile, case)
        return CaseJob(entry, case, profile, facilities, options.max_instructions, options.on, options.timeout)


def _profile(name: str, case: Case) -> Profile:
    if name != EACH:
        return cast("Profile", profile_called(name))
    return case.profile
