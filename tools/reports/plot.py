# SPDX-License-Identifier: GPL-2.0-or-later
"""The page states of the guests over time, drawn (``--plot``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from host.accounting import Sample, Series

SUFFIXES: Final = (".svg", ".png", ".pdf")
_STATES: Final = {
    "Sr": "#1f4e79",
    "Sp": "#7a3b8f",
    "Pr": "#b8860b",
    "Pp": "#d9b45b",
    "Vr": "#2e7d32",
    "Vp": "#6fae73",
    "Vz": "#a9d8ab",
    "Ur": "#8d8d8d",
    "Up": "#b5b5b5",
    "Uz": "#dcdcdc",
    "Sz": "#c6d9ec",
}
"""The states from the bottom of the picture to its top, with their colours: dark is resident, pale is nowhere."""


def check_plot(name: str, sample_every: int | None) -> Path:
    """The file *name* for the picture of a run that is sampled every *sample_every* units of work.

    :raises UsageError: if it can be no picture, or there would be nothing in it.
    """
    path = Path(name)
    if path.suffix not in SUFFIXES:
        raise UsageError(f"--plot: expected a file name that ends in {', '.join(SUFFIXES)}, not {name}")
    if sample_every is None:
        raise UsageError("--plot: expected --sample-every, which says how often the page states are recorded")
    try:
        path.open("ab").close()
    except OSError as reason:
        raise UsageError(f"--plot: {name} cannot be written: {reason.strerror}") from None
    return path


def plot_series(series: Series, path: Path) -> None:
    """Draw how many pages of each guest are in which state, over its virtual time, with a line at each labelled sample.

    The same series gives the same file, byte for byte.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "page states"
    by_guest: dict[int, list[Sample]] = {}
    for sample in series.samples:
        by_guest.setdefault(sample.guest, []).append(sample)
    figure = Figure(figsize=(10, 1 + 3.5 * max(len(by_guest), 1)), layout="constrained")
    for place, (guest, samples) in enumerate(sorted(by_guest.items()), 1):
        axes = figure.add_subplot(len(by_guest), 1, place)
        work = [sample.work / 1e6 for sample in samples]
        shown = {
            state: pages for state in _STATES if any(pages := [sample.table[state[0]][state[1]] for sample in samples])
        }
        axes.stackplot(
            work, *shown.values(), labels=list(shown), colors=[_STATES[state] for state in shown], linewidth=0
        )
        for sample in samples:
            if sample.label:
                axes.axvline(sample.work / 1e6, color="black", linewidth=0.8)
                axes.annotate(
                    sample.label,
                    (sample.work / 1e6, 1),
                    xycoords=("data", "axes fraction"),
                    rotation=90,
                    ha="right",
                    va="top",
                    fontsize=8,
                )
        axes.margins(0)
        axes.set_title(f"guest {guest}", loc="left")
        axes.set_ylabel("pages")
        axes.set_xlabel("virtual time, millions of units of work")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}
    figure.savefig(path, metadata=metadata[path.suffix])
