# SPDX-License-Identifier: GPL-2.0-or-later
"""The page states of the guests over time, drawn (``--plot``): a page for a browser, or a picture."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.reports.state_colours import STATE_COLOURS
from tools.usage.errors import UsageError
from tools.usage.extras import require_matplotlib

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emu.symbols.table import SymbolTable
    from host.accounting import Sample, Series
    from tools.machines.host import HostSetup
    from tools.reports.states_page.recording import StatesRecording

PAGE: Final = ".html"
"""What a page ends in that can be looked at in a browser."""
_PICTURES: Final = (".svg", ".png", ".pdf")


def check_plot(name: str, sample_every: int | None, suffixes: tuple[str, ...] = (PAGE, *_PICTURES)) -> Path:
    """The file *name* for what is drawn of a run that is sampled every *sample_every* units of work.

    :param suffixes: what can be drawn.
    :raises UsageError: if it can be no such file, nothing can draw it, or there would be nothing in it.
    """
    path = Path(name)
    if path.suffix not in suffixes:
        raise UsageError(f"--plot: expected a file name that ends in {', '.join(suffixes)}, not {name}")
    if sample_every is None:
        raise UsageError("--plot: expected --sample-every, which says how often the page states are recorded")
    if path.suffix in _PICTURES:
        require_matplotlib(f"--plot: {path.suffix}")
    with _written(path):
        path.open("ab").close()
    return path


def begin_plot(host: HostSetup, path: Path) -> None:
    """Have *host*, whose guests are all there, record what is needed for *path* from now on."""
    if path.suffix == PAGE:
        for guest in host.manager.guests:
            host.series.follow_pages(guest)


def draw_plot(host: HostSetup, path: Path, name: str, symbols: SymbolTable) -> None:
    """Draw what was recorded of a run of what is called *name*, and write it to *path*.

    The same run gives the same file, byte for byte.

    :raises UsageError: if it cannot be written.
    """
    from tools.reports.states_page.recording import recordings_of

    if path.suffix == PAGE:
        write_page(path, name, recordings_of(host, name, symbols))
        return
    with _written(path):
        _draw_picture(host.series, path)


def write_page(path: Path, name: str, recordings: Sequence[StatesRecording]) -> None:
    """Write the page of *recordings* of what is called *name*.

    :raises UsageError: if it cannot be written.
    """
    from tools.reports.states_page.page import states_page

    with _written(path):
        path.write_text(states_page(f"Page states: {name}", recordings), encoding="utf-8")


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as reason:
        raise UsageError(f"--plot: {path} cannot be written: {reason.strerror}") from None


def _draw_picture(series: Series, path: Path) -> None:
    """Draw how many pages of each guest are in which state, over its virtual time; labelled samples have a line."""
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
            state: pages
            for state in STATE_COLOURS
            if any(pages := [sample.table[state[0]][state[1]] for sample in samples])
        }
        axes.stackplot(
            work, *shown.values(), labels=list(shown), colors=[STATE_COLOURS[state][0] for state in shown], linewidth=0
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
