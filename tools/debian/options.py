# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa fetch``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.usage.options import argument, option


def _releases(_: str) -> list[str]:
    from tools.debian.releases import RELEASES

    return list(RELEASES)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """What is fetched, and from where."""

    what: str = argument(metavar="debian", help="What to fetch.", complete=lambda _: ("debian",))
    release: str = option("bookworm", metavar="NAME", help="Of Debian: bookworm or trixie.", complete=_releases)
    add: list[str] = option(
        metavar="HOST:GUEST", help="Put this file on the RAM disk; may be repeated.", is_repeated=True
    )
    mirror: str = option("http://deb.debian.org/debian", metavar="URL", help="Where Debian's archive is.")
