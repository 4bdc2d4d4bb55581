# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform``: what all suites have, and what those of a directory have besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.machines.options import profile as profile_called
from tools.machines.options import profile_names
from tools.usage.options import MOST_COUNTED, argument, option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.conform.results import Entry


@dataclass(frozen=True, slots=True)
class FacilityChoice:
    """A facility that is wanted, or not, by all entries or by one."""

    number: int
    name: str | None = None
    """Of the entry, or of a group of them; None: of all."""


def name_of_profile(text: str) -> str:
    """*text*, if it is the name of a profile."""
    profile_called(text)
    return text


def _facilities(texts: list[str]) -> tuple[FacilityChoice, ...]:
    return tuple(map(_facility, texts))


def _facility(text: str) -> FacilityChoice:
    from emu.facilities import OFFERED

    # There may be colons in the name of an entry.
    name, colon, number = text.rpartition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 5 and int(number) in OFFERED):
        raise ValueError(f"expected BIT or NAME:BIT, a bit one of {', '.join(map(str, sorted(OFFERED)))}, not {text!r}")
    return FacilityChoice(int(number), name if colon else None)


def _facility_numbers(_: str) -> list[str]:
    from emu.facilities import OFFERED

    return [str(number) for number in sorted(OFFERED)]


@dataclass(frozen=True, kw_only=True)
class ChoiceOptions:
    """Which programs of a suite are meant."""

    only: list[str] = option(
        metavar="NAME", help="Only this program or group; may be repeated, for all that are named.", is_repeated=True
    )
    exclude: list[str] = option(
        metavar="NAME", help="Not this program or group, though --only names it; may be repeated.", is_repeated=True
    )
    pattern: str | None = option(
        flag="-k",
        metavar="PATTERN",
        help="Of these, only programs with this in their names, whether small or capital; * and ? stand for anything.",
    )
    last_failed: str | None = option(
        metavar="FILE", help="Only those that failed, or were not run, in the JSON of an earlier run."
    )


@dataclass(frozen=True, kw_only=True)
class ListOptions(ChoiceOptions):
    """Which suite is listed."""

    suite: str | None = argument(
        metavar="[SUITE]", help="Which suite: a subcommand of 'essa conform'; without it, the suites.", is_optional=True
    )
    directory: str | None = argument(metavar="[DIR]", help="Where it is, if it needs a directory.", is_optional=True)


@dataclass(frozen=True, kw_only=True)
class DocumentOptions:
    """What is written about a run."""

    json: str | None = option(metavar="FILE", help="Write the report as JSON.")
    junit: str | None = option(metavar="FILE", help="Write the report as JUnit's XML.")
    tap: str | None = option(metavar="FILE", help="Write the report as TAP.")
    html: str | None = option(
        metavar="FILE", help="Write the report as a page for a browser, which needs no other file."
    )
    badge: str | None = option(metavar="FILE", help="Write how many have passed as an SVG badge.")
    compare: str | None = option(
        metavar="FILE", help="Print what differs from another report, a JSON, and show it beside this one in --html."
    )
    baseline: str | None = option(
        metavar="FILE", help="Compare with the JSON of an earlier run: only what is worse fails."
    )


@dataclass(frozen=True, kw_only=True)
class SavedReportOptions(DocumentOptions):
    """A report that is written anew."""

    report: str = argument(metavar="FILE", help="What --json has written.")


@dataclass(frozen=True, kw_only=True)
class ConformOptions(ChoiceOptions, DocumentOptions):
    """Which programs are run, how, and what is written about them."""

    coverage: str | None = option(
        metavar="FILE", help="Count what the programs exercise of the architecture, for 'essa conform coverage'."
    )
    jobs: int | None = option(kind=int, least=1, metavar="N", help="So many at a time; by default all cores.")
    max_instructions: int = option(
        40_000_000_000, least=1, most=MOST_COUNTED, metavar="N", help="When a program has run too long."
    )
    timeout: int = option(900, least=1, metavar="SECONDS", help="When a program has taken too long.")
    profile: str = option(
        "kvm",
        metavar="NAME",
        help="Whose ESSA: zvm (discard faults), kvm, or off.",
        parse=name_of_profile,
        complete=profile_names,
    )
    with_facilities: tuple[FacilityChoice, ...] = option(
        flag="--facility",
        metavar="[NAME:]BIT",
        help="Install this facility, for all programs or for one or a group of them; may be repeated.",
        is_repeated=True,
        parse=_facilities,
        complete=_facility_numbers,
    )
    without_facilities: tuple[FacilityChoice, ...] = option(
        flag="--no-facility",
        metavar="[NAME:]BIT",
        help="Do not install it; may be repeated.",
        is_repeated=True,
        parse=_facilities,
        complete=_facility_numbers,
    )
    known: list[str] = option(
        metavar="FILE",
        help="Failures that are known, as TOML with their reasons; may be repeated.",
        is_repeated=True,
    )
    logs: str | None = option(metavar="DIRECTORY", help="Write the console of each program to a file there.")

    @property
    def default_facilities(self) -> frozenset[int]:
        """Those of an entry that says nothing of them."""
        from emu.facilities import DEFAULT_FACILITIES

        return frozenset(int(number) for number in DEFAULT_FACILITIES)

    def facilities(self, entry: Entry, own: Iterable[int]) -> tuple[frozenset[int], frozenset[int]]:
        """What is asked for beyond the default machine, for *entry*, which has *own* facilities: added, and removed.

        What is typed counts more than what the entry says.
        """
        from emu.facilities import DEFAULT_FACILITIES

        wanted = frozenset(own)
        added, removed = _meant(self.with_facilities, entry), _meant(self.without_facilities, entry)
        wanted = (wanted | added) - removed
        return wanted - DEFAULT_FACILITIES, DEFAULT_FACILITIES - wanted


def _meant(chosen: Iterable[FacilityChoice], entry: Entry) -> frozenset[int]:
    names = {None, entry.name, *entry.groups}
    return frozenset(each.number for each in chosen if each.name in names)


@dataclass(frozen=True, kw_only=True)
class DirectoryOptions(ConformOptions):
    """The same for a suite that lies in a directory."""

    directory: str = argument(metavar="DIR", help="Where its programs are.")
