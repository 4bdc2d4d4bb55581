# SPDX-License-Identifier: GPL-2.0-or-later
"""The page itself: a frame, a style and programs for the browser, which are files of their own, and the data.

The same recordings give the same page, byte for byte.  The programs are the files *.js beside this one.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final

from host.page_events import EVENT_COUNTERS
from tools.reports.self_contained import self_contained_page
from tools.reports.state_colours import STATE_COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.reports.states_page.recording import StatesRecording

_PROGRAMS: Final = ("decoding.js", "moments.js", "numbers.js", "chart.js", "map.js", "pane.js", "main.js")
"""In the order in which they need each other."""
_LEVEL: Final = 9


def states_page(title: str, recordings: Sequence[StatesRecording]) -> str:
    """The page of these *recordings*, of which the first two are shown side by side."""
    return self_contained_page(__package__, title, _data(title, recordings), _PROGRAMS)


def _data(title: str, recordings: Sequence[StatesRecording]) -> dict[str, Any]:
    """What the programs are given, as JSON: names, colours, and each recording."""
    return {
        "title": title,
        "states": [{"name": name, "light": light, "dark": dark} for name, (light, dark) in STATE_COLOURS.items()],
        "events": [event.name for event in EVENT_COUNTERS],
        "recordings": [_recording(recording) for recording in recordings],
    }


def _recording(recording: StatesRecording) -> dict[str, Any]:
    """One recording, in columns: a list has an element for each sample.

    ``pictures`` has the number of the sample of each picture, ``counts`` how often each event had happened before it,
    and ``runs`` the runs of all pictures (:class:`host.pages_over_time.PagePicture`) in a row, compressed together.
    """
    samples, pictures = recording.samples, recording.pictures
    runs = b"".join(zlib.decompress(picture.runs) for picture in pictures)
    return {
        "name": recording.name,
        "profile": recording.profile,
        "pages": recording.pages,
        "work": [sample.work for sample in samples],
        "labels": [sample.label for sample in samples],
        "table": {state: [sample.table[state[0]][state[1]] for sample in samples] for state in STATE_COLOURS},
        "pictures": [picture.sample for picture in pictures],
        "counts": [list(picture.counts) for picture in pictures],
        "areas": [astuple(area) for area in recording.areas],
        "symbols": recording.symbols,
        "runs": base64.b64encode(zlib.compress(runs, _LEVEL)).decode(),
    }
