# SPDX-License-Identifier: GPL-2.0-or-later
"""The summary of a run: as JSON, and in a few lines for people."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from emu.isa.disassembler import disassemble
from tools.accounting import count_pages
from tools.sizes import format_size
from tools.trace import interruption_name, request_name

if TYPE_CHECKING:
    from emu.machine import Machine, Stop
    from tools.configuration import Configuration
    from tools.statistics import Statistics
    from tools.verdict import Verdict

Summary = dict[str, Any]
"""The summary as JSON has it."""
_NO_INSTRUCTION: Final = "opcode "


def summarize(
    configuration: Configuration,
    machine: Machine,
    statistics: Statistics,
    stop: Stop,
    verdict: Verdict,
    console: str,
) -> Summary:
    """Everything worth knowing about a run that has ended.  Numbers are JSON numbers, PSWs hexadecimal text."""
    return {
        "image": str(configuration.image),
        "memory": machine.memory,
        "cpus": len(machine.cpus),
        "profile": machine.profile.value,
        "facilities": sorted(machine.facilities),
        "exit_status": int(verdict.status),
        "verdict": verdict.text,
        "stop": {
            "kind": stop.kind.value,
            "text": stop.text,
            "cpu": stop.cpu,
            "psw_mask": f"{stop.psw.mask:016x}",
            "psw_address": f"{stop.psw.address:016x}",
        },
        "instructions": machine.executed,
        "interruptions": [
            {"class": kind, "code": code, "count": count}
            | ({"name": interruption_name(code)} if kind == "program" else {})
            for (kind, code), count in sorted(statistics.interruptions.items())
        ],
        "essa": [
            {"request": request, "name": request_name(request), "count": count}
            for request, count in sorted(statistics.requests.items())
        ],
        "instruction_counts": dict(sorted(machine.instruction_counts.items())),
        "not_modelled": _count_not_modelled(machine),
        "page_states": count_pages(machine.states.array),
        "console": console,
    }


def _count_not_modelled(machine: Machine) -> dict[str, int]:
    """The instructions that nothing implements, by mnemonic; what no manual names, by its first two bytes."""
    counts: Counter[str] = Counter()
    for code, count in machine.unmodelled.items():
        instruction = bytes.fromhex(code)
        mnemonic = disassemble(instruction).split()[0]
        counts[f"{_NO_INSTRUCTION}{instruction[:2].hex()}" if mnemonic == "DC" else mnemonic] += count
    return dict(sorted(counts.items()))


def show(summary: Summary, verdict: Verdict) -> None:
    """Tell people how the run ended, on standard error: a summary on a terminal, elsewhere what they must not miss."""
    if sys.stderr.isatty():
        _show_summary(summary)
        return
    if verdict.is_noteworthy:
        print(f"essa: {_how_it_stopped(summary)}", file=sys.stderr)
    missing = _not_modelled(summary)
    if missing:
        print(f"essa: not modelled: {missing}", file=sys.stderr)


def _how_it_stopped(summary: Summary) -> str:
    stop = summary["stop"]
    text = summary["verdict"]
    if stop["text"] not in text:
        text += f": {stop['text']}"
    return f"{text} (CPU {stop['cpu']}, PSW {stop['psw_mask']} {stop['psw_address']})"


def _not_modelled(summary: Summary) -> str:
    """The instructions of the manual that are missing; a program that executes data has only itself to blame."""
    return ", ".join(
        f"{name} (met {count:,} times)"
        for name, count in summary["not_modelled"].items()
        if not name.startswith(_NO_INSTRUCTION)
    )


def _interruptions(summary: Summary) -> str:
    return ", ".join(
        f"{each['class']} {each['code']:#06x}" + (f" {each['name']}" if "name" in each else "") + f": {each['count']:,}"
        for each in summary["interruptions"]
    )


def _show_summary(summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    style = {0: "green", 1: "red"}.get(summary["exit_status"], "yellow")
    rows = [
        ("stopped", f"[{style}]{_escaped(_how_it_stopped(summary))}[/]"),
        ("machine", f"{format_size(summary['memory'])}, {summary['cpus']} CPU, profile {summary['profile']}"),
        ("instructions", f"{summary['instructions']:,}"),
        ("interruptions", _escaped(_interruptions(summary)) or "none"),
        ("ESSA", ", ".join(f"{each['name']}: {each['count']:,}" for each in summary["essa"]) or "none"),
    ]
    missing = _not_modelled(summary)
    if missing:
        rows.append(("not modelled", f"[yellow]{_escaped(missing)}[/]"))
    for row in rows:
        table.add_row(*row)
    console = Console(stderr=True, highlight=False)
    console.print()
    console.print(table)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
