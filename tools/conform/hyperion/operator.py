# SPDX-License-Identifier: GPL-2.0-or-later
"""The operator of a test script: its commands, carried out on machines of our own.

A case with a command that is not known here, or one that asks for what this machine is not, such as an older
architecture, counts as nothing; the command is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.cpu import CpuState
from emu.events import Observer
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import DAT
from tools.consoles.console import GuestConsole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emu.cpu import Cpu
    from emu.machine import Stop
    from emu.page_states import Profile
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw
    from tools.conform.hyperion.verdicts import CaseVerdicts

    Runner = Callable[[Machine, int], Stop]

_Z: Final = ("z", "z/arch", "esame")
_UNLOGGED: Final = {
    "quiet": None,
    "null": frozenset[int](),
    "default": frozenset({0x10, 0x11, 0x16, 0x1C, 0x40}),
}
"""Program interruptions that are not logged, by the operating system that the log is tailored to; None: none are."""
_CONDITION: Final = 0x7F
"""What a code says besides PER events, which are not logged."""
_OLD_PSWS: Final = {
    "external": lowcore.EXTERNAL_OLD_PSW,
    "svc": lowcore.SVC_OLD_PSW,
    "program": lowcore.PROGRAM_OLD_PSW,
    "machine": lowcore.MACHINE_CHECK_OLD_PSW,
    "io": lowcore.IO_OLD_PSW,
}
_PSW_BYTES: Final = 16
_ALTER: Final = re.compile(r"([0-9A-F]+)=((?:[0-9A-F]{2})+)")
_DISPLAY: Final = re.compile(r"([0-9A-F]+)(?:([.-])([0-9A-F]+))?")
_DISPLAYED: Final = "40"
"""Bytes, in hexadecimal, if it is not said."""
_ROW: Final = 16
_PAGE: Final = 0x1000
_SIZE: Final = re.compile(r"([0-9]+)([kmg]?)", re.IGNORECASE)
_UNITS: Final = {"k": 1 << 10, "": 1 << 20, "m": 1 << 20, "g": 1 << 30}
_MOST_MEMORY: Final = 1 << 31
_MOST_CPUS: Final = 16
_DEFAULT_SECONDS: Final = 30.0
_RATE: Final = 100_000_000
"""Instructions for each second that a script gives a test: the same for every computer that runs it."""
_SETTINGS: Final = frozenset(
    ("cpu", "cpuidfmt", "cpumodel", "cpuserial", "cpuverid", "diag8cmd", "ipending", "msglevel", "msglvl", "pause")
    + ("psw", "shcmdopt")
)
"""Commands that concern the console, what STIDP stores, or what nothing is compared with."""


class Unknown(Exception):  # noqa: N818 - it says what
    """A command that cannot be carried out here; the message names it."""


class Wrong(Exception):  # noqa: N818 - it says what
    """A command that says what cannot be on any machine; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What scripts do not say of their machines."""

    profile: Profile
    facilities: frozenset[int]
    max_instructions: int
    """Of each run."""


class _Log(Observer):
    """Tells of program interruptions as the log does."""

    def __init__(self, operator: ScriptOperator) -> None:
        self._operator = operator

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        new = cpu.configuration.storage.read(cpu.real_to_absolute(lowcore.PROGRAM_NEW_PSW), _PSW_BYTES)
        # A program new PSW that cannot be gone on with ends in a loop, of which nothing is logged.
        if kind == "program" and old.to_bytes() != new:
            self._operator.logs(code)


class ScriptOperator:
    """Carries out commands, and tells :attr:`verdicts` what is to be seen."""

    def __init__(self, frame: Frame, run: Runner) -> None:
        """Have no machine yet.

        :param run: lets a machine run for so many instructions.
        """
        self.verdicts: CaseVerdicts
        self.console = GuestConsole(is_shown=False)
        self.instructions = 0
        """Of all runs."""
        self._frame = frame
        self._run = run
        self._memory = 16 * MEGABYTE
        self._cpus = 1
        self._unlogged: frozenset[int] | None = _UNLOGGED["null"]
        self._mode = "z"
        self._made: Machine | None = None

    # The machine

    @property
    def machine(self) -> Machine:
        """The machine as it is configured, cleared when it was made."""
        if self._made is None:
            self._made = Machine(
                self._memory, cpus=self._cpus, profile=self._frame.profile, facilities=self._frame.facilities
            )
            self._made.sclp.console = self.console
            self._made.observers.append(_Log(self))
            for cpu in self._made.cpus:
                cpu.state = CpuState.STOPPED
        return self._made

    def logs(self, code: int) -> None:
        """A program interruption of this *code* has been taken."""
        if self._unlogged is not None and code & _CONDITION and code & _CONDITION not in self._unlogged:
            self.verdicts.program = f"{code:04X}"

    # Commands

    def carry_out(self, verb: str, rest: str) -> None:
        """Do what the command *verb* says.

        :raises Unknown: if that cannot be done here.
        """
        name = verb.lower()
        if name in ("archlvl", "archmode"):
            self._mode = rest.lower()
        elif name in ("mainsize", "numcpu", "ostailor"):
            self._configure(name, rest)
        elif name in _SETTINGS:
            return
        elif self._mode not in _Z:
            raise Unknown(f"archlvl {self._mode}")
        else:
            command = self._commands.get(name)
            if command is None:
                raise Unknown(name)
            command(self, rest)

    def _configure(self, name: str, rest: str) -> None:
        if name == "ostailor":
            if rest.lower() not in _UNLOGGED:
                raise Unknown(f"ostailor {rest}")
            self._unlogged = _UNLOGGED[rest.lower()]
            return
        if name == "numcpu":
            if not rest.isdecimal() or not 1 <= int(rest) <= _MOST_CPUS:
                raise Unknown(f"numcpu {rest}")
            self._cpus = self._as_before(int(rest), self._cpus)
            return
        size = _SIZE.fullmatch(rest)
        memory = int(size[1]) * _UNITS[size[2].lower()] if size else 0
        if not memory or memory % MEGABYTE or memory > _MOST_MEMORY:
            raise Unknown(f"mainsize {rest}")
        self._memory = self._as_before(memory, self._memory)

    def _as_before(self, value: int, before: int) -> int:
        """*value*; if it is not the one *before*, the machine is made anew."""
        if value != before:
            self._made = None
        return value

    def _clear(self, _: str) -> None:
        self._made = None

    def _load(self, rest: str) -> None:
        found = re.fullmatch(r'"?([^"]+?)"?(?:\s+(?:0x)?([0-9a-fA-F]+))?', rest)
        if found is None:
            raise Unknown(f"loadcore {rest}")
        try:
            content = Path(found[1]).read_bytes()
        except OSError as reason:
            raise Wrong(f"loadcore: {Path(found[1]).name}: {reason.strerror}") from None
        self._load_storage(int(found[2] or "0", 16), content)

    def _load_storage(self, address: int, content: bytes) -> None:
        """Load *content* at absolute *address*."""
        if address + len(content) > self._memory:
            raise Wrong(f"expected an address in {self._memory >> 10}K of storage, not {address:X}")
        self.machine.load_storage(address, content)

    def _real(self, rest: str) -> None:
        self._storage(rest, self.machine.cpus[0].real_to_absolute)

    def _absolute(self, rest: str) -> None:
        self._storage(rest, lambda address: address)

    def _virtual(self, rest: str) -> None:
        if self.machine.cpus[0].psw.mask & DAT:
            raise Unknown("v with DAT on")
        self._real(rest)

    def _storage(self, rest: str, absolute: Callable[[int], int]) -> None:
        text = rest.upper().replace(" ", "")
        alteration = _ALTER.fullmatch(text)
        if alteration is not None:
            address, content = int(alteration[1], 16), bytes.fromhex(alteration[2])
            for offset, byte in enumerate(content):
                self._load_storage(absolute(address + offset), bytes((byte,)))
            return
        display = _DISPLAY.fullmatch(text)
        if display is None:
            raise Unknown(f"r {rest}")
        start = int(display[1], 16)
        size = int(display[3], 16) - start + 1 if display[2] == "-" else int(display[3] or _DISPLAYED, 16)
        if self.verdicts.notes_displays:
            self._display(start, start + size, absolute)

    def _display(self, start: int, end: int, absolute: Callable[[int], int]) -> None:
        """Show the bytes from *start* up to *end*: the key of their last page and their last row of 16 stay."""
        at = absolute(end - 1)
        if at >= self._memory:
            return
        self.verdicts.key = f"{self.machine.keys.bytes[at // _PAGE]:02X}"
        row = (end - 1) // _ROW * _ROW
        shown = ""
        for address in range(row, row + _ROW):
            is_in = start <= address < end
            shown += self.machine.read_storage(absolute(address), 1).hex().upper() if is_in else "  "
            shown += " " if address % 4 == 3 else ""
        self.verdicts.stored = shown

    def _run_test(self, rest: str) -> None:
        words = rest.lower().split()
        machine, cpu = self.machine, self.machine.cpus[0]
        keyword = words.pop(0) if words and words[0].isalpha() else "restart"
        try:
            seconds = float(words[0]) if words else _DEFAULT_SECONDS
        except ValueError:
            raise Unknown(f"runtest {rest}") from None
        if keyword in _OLD_PSWS:
            old = cpu.real_to_absolute(_OLD_PSWS[keyword])
            new = cpu.real_to_absolute(lowcore.RESTART_NEW_PSW)
            machine.load_storage(new, machine.read_storage(old, _PSW_BYTES))
        elif keyword not in ("restart", "start"):
            raise Unknown(f"runtest {keyword}")
        if keyword == "start":
            cpu.state = CpuState.OPERATING
        else:
            cpu.restart_pending = True
        before = machine.executed
        stop = self._run(machine, min(int(seconds * _RATE), self._frame.max_instructions))
        self.instructions += machine.executed - before
        self._ended(stop)

    def _ended(self, stop: Stop) -> None:
        if stop.kind is StopKind.BUDGET:
            self.verdicts.times_out()
        elif stop.kind is StopKind.DISABLED_WAIT:
            mask, address = stop.psw.mask, stop.psw.address
            self.verdicts.waits((mask, address))
        elif stop.kind in (StopKind.PROGRAM_LOOP, StopKind.INTERRUPTION_LOOP):
            self.verdicts.loops()
        elif stop.kind is not StopKind.ALL_STOPPED:
            self.verdicts.failures.append(stop.text)
        for cpu in self.machine.cpus:
            if cpu.state is CpuState.OPERATING:
                cpu.state = CpuState.STOPPED

    def _general_registers(self, rest: str) -> None:
        self._registers("Gpr", rest, self.machine.cpus[0].gr)

    def _floating_registers(self, rest: str) -> None:
        vectors = self.machine.cpus[0].vr
        self._registers("Fpr", rest, [vectors[2 * number] for number in range(16)])

    def _control_registers(self, rest: str) -> None:
        cpu = self.machine.cpus[0]
        alteration = re.fullmatch(r"(\d+)=([0-9a-fA-F]+)", rest.replace(" ", ""))
        if alteration is not None and int(alteration[1]) < 16:
            cpu.set_control_register(int(alteration[1]), int(alteration[2], 16))
        self._registers("Cr", "", cpu.cr)

    def _registers(self, kind: str, rest: str, values: Sequence[int]) -> None:
        if rest:
            raise Unknown(f"{kind.lower()} {rest}")
        self.verdicts.registers[kind] = [f"{value:016X}" for value in values]

    def _prefix(self, rest: str) -> None:
        if rest:
            raise Unknown(f"pr {rest}")
        self.verdicts.prefix = f"{self.machine.cpus[0].prefix:016X}"

    _commands: Final[dict[str, Callable[[ScriptOperator, str], None]]] = {
        "sysclear": _clear,
        "loadcore": _load,
        "r": _real,
        "abs": _absolute,
        "v": _virtual,
        "runtest": _run_test,
        "gpr": _general_registers,
        "fpr": _floating_registers,
        "cr": _control_registers,
        "pr": _prefix,
    }
