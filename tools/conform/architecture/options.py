# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform architecture``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.conform.options import ConformOptions
from tools.machines.options import profile as profile_called
from tools.machines.options import profile_names
from tools.usage.errors import UsageError
from tools.usage.options import MOST_COUNTED, option

EACH: Final = "needed"
"""The profile that a case needs: z/VM's, if it does not say."""


def _profile(text: str) -> str:
    if text != EACH:
        profile_called(text)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureOptions(ConformOptions):
    """Which cases, and on which machine."""

    timeout: int = option(10, least=1, metavar="SECONDS", help="When a case has taken too long on another machine.")
    max_instructions: int = option(
        200_000, least=1, most=MOST_COUNTED, metavar="N", help="When a case has run too long here."
    )
    profile: str = option(
        EACH,
        metavar="NAME",
        help=f"Whose ESSA: zvm, kvm, off, or {EACH}: the one that a case is about.",
        parse=_profile,
        complete=lambda text: (EACH, *profile_names(text)),
    )
    cases: str | None = option(metavar="DIR", help="Where the files of cases are, if not in tests/conformance.")
    on: str | None = option(
        metavar="PROGRAM", help="Run the images on this QEMU, such as qemu-system-s390x, and not here."
    )
    export: str | None = option(
        metavar="DIR", help="Write the images of the cases that are run there as well, each an ELF file, and an index."
    )
    raw: bool = option(
        False, help="With --export, write what each image has in storage from address 0, too, as NAME.bin."
    )


def require_consistent(options: ArchitectureOptions) -> None:
    """See to it that *options* can all be heeded.

    :raises UsageError: naming one that cannot.
    """
    if options.raw and options.export is None:
        raise UsageError("--raw: expected with --export")
    if options.on is None:
        return
    default = ArchitectureOptions()
    for name, flag in _HERE.items():
        if getattr(options, name) != getattr(default, name):
            raise UsageError(f"{flag}: expected without --on, as it is about a machine here")


_HERE: Final = {
    "coverage": "--coverage",
    "profile": "--profile",
    "with_facilities": "--facility",
    "without_facilities": "--no-facility",
    "max_instructions": "--max-instructions",
    "logs": "--logs",
}
"""What another machine knows nothing of: fields of the options, and how they are typed."""
