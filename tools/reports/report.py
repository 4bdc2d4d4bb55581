# SPDX-License-Identifier: GPL-2.0-or-later
"""The summary of a run: as JSON, and in a few lines for people."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emu.addresses import PAGE_SIZE
from emu.input_files.sizes import format_size
from emu.isa.disassembler import disassemble
from host.accounting import count_pages, format_table, total
from host.statistics import total as total_statistics
from tools.reports.how_many import how_many
from tools.reports.trace_lines import interruption_name, request_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.machine import Machine, Stop
    from host.plan_runner import PlanRunner
    from tools.machines.host import HostSetup
    from tools.machines.options import MachineOptions
    from tools.reports.statistics import Statistics
    from tools.reports.verdict import Verdict

Summary = dict[str, Any]
"""The summary as JSON has it."""
_NO_INSTRUCTION: Final = "opcode "


@dataclass(frozen=True, slots=True)
class GuestReport:
    """How the run of one guest ended."""

    machine: Machine
    statistics: Statistics
    stop: Stop
    verdict: Verdict
    console: str

    def as_dict(self) -> Summary:
        """Everything worth knowing about it.  Numbers are JSON numbers, PSWs hexadecimal text."""
        machine, stop = self.machine, self.stop
        return {
            "exit_status": int(self.verdict.status),
            "verdict": self.verdict.text,
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
                for (kind, code), count in sorted(self.statistics.interruptions.items())
            ],
            "essa": count_requests(machine),
            "instruction_counts": dict(sorted(machine.counts.instructions.items())),
            "not_modelled": _count_not_modelled(machine),
            "page_states": count_pages(machine.states.array),
            "console": self.console,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended: each guest, and the host under them if there is one."""

    options: MachineOptions
    guests: list[GuestReport]
    host: HostSetup | None
    plan: PlanRunner | None

    @property
    def exit_status(self) -> int:
        """The exit status of the command: the highest of the guests'."""
        return max(int(guest.verdict.status) for guest in self.guests)

    def as_dict(self) -> Summary:
        """The whole report for JSON; what belongs to a guest stands at the top if there is only one."""
        options = self.options
        summary: Summary = {
            "image": str(options.image.path),
            "memory": options.memory,
            "cpus": options.cpus,
            "profile": options.profile.value,
            "facilities": sorted(options.facilities),
        }
        if len(self.guests) == 1:
            summary |= self.guests[0].as_dict()
        else:
            summary |= {"exit_status": self.exit_status, "guests": [guest.as_dict() for guest in self.guests]}
        if self.host is not None:
            summary["host"] = summarise_host(self.host, self.plan)
        return summary

    def table_lines(self) -> Iterator[str]:
        """The accounting tables as text: that of each guest, and with several their sum."""
        tables = [count_pages(guest.machine.states.array) for guest in self.guests]
        if len(tables) == 1:
            yield format_table(tables[0])
            return
        for number, table in enumerate(tables):
            yield f"guest {number}"
            yield format_table(table)
        yield "all guests"
        yield format_table(total(tables))


def summarise_host(host: HostSetup, plan: PlanRunner | None) -> Summary:
    """What the host is and did, for JSON."""
    manager, monitor = host.manager, host.monitor
    device = manager.device
    return {
        "frames": manager.pool.frames,
        "capacity": manager.pool.capacity,
        "frames_in_use": manager.pool.used,
        "watermarks": {"low": manager.low, "high": manager.high},
        "policy": manager.policy.value,
        **manager.statistics.as_dict(),
        "paging_device": {
            "slots": device.slots,
            "used": device.used,
            "writes": device.writes,
            "reads": device.reads,
            "write_errors": device.write_errors,
            "read_errors": device.read_errors,
        },
        "guests": [guest.statistics.as_dict() for guest in manager.guests],
        "total": total_statistics([guest.statistics for guest in manager.guests]).as_dict(),
        "monitor": None if monitor is None else monitor.as_dict(),
        "plan": None if plan is None else plan.as_dict(),
        "series": host.series.as_dict(),
    }


def count_requests(machine: Machine) -> list[Summary]:
    """How often ESSA was executed, by request code, for JSON."""
    return [
        {"request": request, "name": request_name(request), "count": count}
        for request, count in sorted(machine.counts.operation_requests.items())
    ]


def _count_not_modelled(machine: Machine) -> dict[str, int]:
    """The instructions that nothing implements, by mnemonic; what no manual names, by its first two bytes."""
    counts: Counter[str] = Counter()
    for code, count in machine.counts.unmodelled.items():
        instruction = bytes.fromhex(code)
        mnemonic = disassemble(instruction).split()[0]
        counts[f"{_NO_INSTRUCTION}{instruction[:2].hex()}" if mnemonic == "DC" else mnemonic] += count
    return dict(sorted(counts.items()))


def show_report(report: Report) -> None:
    """Tell people how the run ended, on standard error: a summary on a terminal, elsewhere what they must not miss."""
    if sys.stderr.isatty():
        _show_summary(report)
    else:
        _show_noteworthy(report)
    show_plan(report.plan)


def show_plan(plan: PlanRunner | None) -> None:
    """Tell people on standard error which steps of the *plan* were never reached."""
    for line in () if plan is None else plan.tell_not_reached():
        print(f"essa: {line}", file=sys.stderr)


def _show_noteworthy(report: Report) -> None:
    for number, guest in enumerate(report.guests):
        name = f"guest {number}: " if len(report.guests) > 1 else ""
        summary = guest.as_dict()
        if guest.verdict.is_noteworthy:
            print(f"essa: {name}{_how_it_stopped(summary)}", file=sys.stderr)
        missing = _not_modelled(summary)
        if missing:
            print(f"essa: {name}not modelled: {missing}", file=sys.stderr)


def _how_it_stopped(summary: Summary) -> str:
    stop = summary["stop"]
    text = summary["verdict"]
    if stop["text"] not in text:
        text += f": {stop['text']}"
    return f"{text} (CPU {stop['cpu']}, PSW {stop['psw_mask']} {stop['psw_address']})"


def _not_modelled(summary: Summary) -> str:
    """The instructions of the manual that are missing; a program that executes data has only itself to blame."""
    return ", ".join(
        f"{name} (met {how_many(count, 'time')})"
        for name, count in summary["not_modelled"].items()
        if not name.startswith(_NO_INSTRUCTION)
    )


def _interruptions(summary: Summary) -> str:
    return ", ".join(
        f"{each['class']} {each['code']:#06x}" + (f" {each['name']}" if "name" in each else "") + f": {each['count']:,}"
        for each in summary["interruptions"]
    )


def _show_summary(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    options = report.options
    machine = f"{format_size(options.memory)}, {options.cpus} CPU, profile {options.profile.value}"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for number, guest in enumerate(report.guests):
        if len(report.guests) > 1:
            table.add_row("guest", str(number))
        for row in _rows(guest.as_dict(), machine):
            table.add_row(*row)
    if report.host is not None:
        table.add_row("host", _escaped(host_line(report.host)))
    console = Console(stderr=True, highlight=False)
    console.print()
    console.print(table)


def _rows(summary: Summary, machine: str) -> list[tuple[str, str]]:
    style = {0: "green", 1: "red"}.get(summary["exit_status"], "yellow")
    rows = [
        ("stopped", f"[{style}]{_escaped(_how_it_stopped(summary))}[/]"),
        ("machine", machine),
        ("instructions", f"{summary['instructions']:,}"),
        ("interruptions", _escaped(_interruptions(summary)) or "none"),
        ("ESSA", ", ".join(f"{each['name']}: {each['count']:,}" for each in summary["essa"]) or "none"),
    ]
    missing = _not_modelled(summary)
    if missing:
        rows.append(("not modelled", f"[yellow]{_escaped(missing)}[/]"))
    return rows


def host_line(host: HostSetup) -> str:
    """What the host did, in one line."""
    manager = host.manager
    sums = total_statistics([guest.statistics for guest in manager.guests])
    return (
        f"{format_size(manager.pool.capacity * PAGE_SIZE)}, {manager.policy.value}: {sums.page_outs:,} pages written, "
        f"{sums.page_ins:,} read, {sums.discards:,} dropped without I/O, {sums.zero_fills:,} zero fills, "
        f"{sums.discard_faults:,} discard faults"
    )


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
