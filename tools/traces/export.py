# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace export``: a trace in the form of other programs."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.traces.json_lines import as_object
from tools.traces.opened import opened
from tools.traces.parquet import write_parquet
from tools.traces.samples import samples
from tools.traces.story import tell
from tools.traces.timeline import write_timeline
from tools.traces.windows import filter_of
from tools.usage.errors import UsageError
from tools.usage.outputs import open_output

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
    output = Path(options.output)
    form = ".jsonl" if options.output == "-" else output.suffix
    with opened(options.file) as trace:
        wanted = filter_of(trace, options)
        if form == ".parquet":
            write_parquet(trace, wanted, output)
        elif form == ".perfetto-trace":
            _write_timeline(trace, wanted, output)
        elif form in (".jsonl", ".stacks"):
            lines = _objects(trace, wanted) if form == ".jsonl" else samples(trace, wanted)
            with ExitStack() as files:
                file = open_output(files, "OUTPUT", options.output, sys.stdout)
                for line in lines:
                    print(line, file=file)
        else:
            raise UsageError(f"OUTPUT: expected a name that ends in {_FORMS}; not {options.output!r}")
    return 0


def _objects(trace: OpenedTrace, wanted: Filter) -> Iterator[str]:
    for told in tell(trace, wanted):
        yield json.dumps(as_object(trace, told))


def _write_timeline(trace: OpenedTrace, wanted: Filter, output: Path) -> None:
    try:
        with output.open("wb") as file:
            write_timeline(trace, wanted, file)
    except OSError as reason:
        raise UsageError(f"OUTPUT: {output}: cannot be written: {reason.strerror}") from None
