# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.machines.options import profile as profile_called
from tools.machines.options import profile_names
from tools.usage.options import MOST_COUNTED, argument, option


def _name_of_profile(text: str) -> str:
    profile_called(text)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformOptions:
    """Which programs are run, how, and what is written about them."""

    suite: str = argument(metavar="kvm-unit-tests", help="Which suite.", complete=lambda _: ("kvm-unit-tests",))
    directory: str = argument(metavar="DIR", help="Where it has been built, with unittests.cfg.")
    only: list[str] = option(metavar="NAME", help="Only this program or group; may be repeated.", is_repeated=True)
    jobs: int | None = option(kind=int, least=1, metavar="N", help="So many at a time; by default all cores.")
    max_instructions: int = option(
        40_000_000_000, least=1, most=MOST_COUNTED, metavar="N", help="When a program has run too long."
    )
    timeout: int = option(
        900, least=1, metavar="SECONDS", help="When it has taken too long; unittests.cfg knows no emulators."
    )
    profile: str = option(
        "kvm",
        metavar="NAME",
        help="Whose ESSA: zvm (discard faults), kvm, or off.",
        parse=_name_of_profile,
        complete=profile_names,
    )
    junit: str | None = option(metavar="FILE", help="Write the results as JUnit's XML.")
    json: str | None = option(metavar="FILE", help="Write the results as JSON.")
    baseline: str | None = option(
        metavar="FILE", help="Compare with the JSON of an earlier run: only what is worse fails."
    )
    logs: str | None = option(metavar="DIRECTORY", help="Write the console of each program to a file there.")
