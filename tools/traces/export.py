# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace export``: a trace in the form of other programs."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.processes.progress import progress
from tools.traces.json_lines import as_object
from tools.traces.opened import opened
from tools.traces.parquet import write_parquet
from tools.traces.samples import samples
from tools.traces.story import tell
from tools.traces.timeline import write_timeline
from tools.traces.windows import filter_of
from tools.usage.errors import UsageError
from tools.usage.outputs import check_apart, open_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.traces.filters import Filter
    from tools.traces.opened import OpenedTrace
    from tools.traces.options import ExportOptions

_FORMS: Final = ".jsonl, .parquet, .perfetto-trace or .stacks"


def export(options: ExportOptions) -> int:
    """Write it.

    :raises UsageError: if the name of the output says no form, or it cannot be written.
    """
    form = ".jsonl" if options.output == "-" else Path(options.output).suffix
    with opened(options.file) as trace:
        check_apart("OUTPUT", options.output, {"the trace": options.file})
        wanted = filter_of(trace, options)
        # At a terminal the lines themselves show how far it is.
        is_shown = options.output == "-" and sys.stdout.isatty()
        with progress(trace.how_far, None if is_shown else sys.stderr):
            _write(trace, wanted, form, options.output)
    return 0


def _write(trace: OpenedTrace, wanted: Filter, form: str, name: str) -> None:
    if form == ".parquet":
        write_parquet(trace, wanted, Path(name))
    elif form == ".perfetto-trace":
        _write_timeline(trace, wanted, Path(name))
    elif form in (".jsonl", ".stacks"):
        lines = _objects(trace, wanted) if form == ".jsonl" else samples(trace, wanted)
        with ExitStack() as files:
            file = open_output(files, "OUTPUT", name, sys.stdout)
            for line in lines:
                print(line, file=file)
    else:
        raise UsageError(f"OUTPUT: expected a name that ends in {_FORMS}; not {name!r}")


def _objects(trace: OpenedTrace, wanted: Filter) -> Iterator[str]:
    for told in tell(trace, wanted):
        yield json.dumps(as_object(trace, told))


def _write_timeline(trace: OpenedTrace, wanted: Filter, output: Path) -> None:
    try:
        with output.open("wb") as file:
            write_timeline(trace, wanted, file)
    except OSError as reason:
        raise UsageError(f"OUTPUT: {output}: cannot be written: {reason.strerror}") from None
