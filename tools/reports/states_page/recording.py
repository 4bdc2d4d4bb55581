# SPDX-License-Identifier: GPL-2.0-or-later
"""What one page needs of the guests of a run: their samples, and all their pages at each of these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tools.reports.states_page.areas import PageArea, page_areas, page_symbols

if TYPE_CHECKING:
    from emu.symbols.table import SymbolTable
    from host.accounting import Sample
    from host.pages_over_time import PagePicture
    from tools.machines.host import HostSetup

_END: Final = "end"
"""The label of the last sample."""


@dataclass(frozen=True, slots=True)
class StatesRecording:
    """One guest of one run."""

    name: str
    """What the page calls it."""
    profile: str
    pages: int
    samples: list[Sample]
    pictures: list[PagePicture]
    """Their numbers of samples are places in :attr:`samples`."""
    areas: list[PageArea]
    symbols: dict[int, str]


def recordings_of(host: HostSetup, name: str, symbols: SymbolTable) -> list[StatesRecording]:
    """What was recorded of each guest of *host* that is followed, in a run that is called *name* and has ended.

    Its end is one more sample of each, since much may have happened after the last one.
    """
    found = []
    for guest in host.manager.guests:
        host.series.sample(guest, _END)
        history = host.series.followed[guest.number]
        chosen = [number for number, sample in enumerate(host.series.samples) if sample.guest == guest.number]
        places = {number: place for place, number in enumerate(chosen)}
        areas = page_areas(symbols, history.pages)
        found.append(
            StatesRecording(
                name=f"{name}, guest {guest.number}" if len(host.manager.guests) > 1 else name,
                profile=guest.profile.value,
                pages=history.pages,
                samples=[host.series.samples[number] for number in chosen],
                pictures=[replace(picture, sample=places[picture.sample]) for picture in history.pictures],
                areas=areas,
                symbols=page_symbols(symbols, areas),
            )
        )
    return found
