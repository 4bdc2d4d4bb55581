# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets and their answers: what gdb asks of a machine.  No socket is in here.

Source: the manual of gdb, appendix "gdb Remote Serial Protocol".  A packet that is not known is answered with nothing,
one that is malformed with an error, and neither changes anything.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from emu.debugging.history import HistoryError
from emu.hypervisor import HostFailure
from emu.inspection.storage import NoStorageError, look
from emu.program_interruption import ProgramInterruption
from tools.gdb import fields
from tools.gdb.errors import HOST_FAILED, NO_STORAGE, NOT_NOW, PacketError
from tools.gdb.execution import MotionEnd
from tools.gdb.packets import LARGEST
from tools.gdb.points import Points
from tools.gdb.program_file import NAME
from tools.gdb.registers import shown_registers
from tools.gdb.stop_replies import spoken, stop_reply
from tools.gdb.target_description import memory_map, target_description

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.debugging.session import Session
    from tools.gdb.execution import Execution
    from tools.gdb.program_file import ProgramFile

_MOST_BYTES: Final = LARGEST // 2 - 64
"""Of storage in one packet."""


class Leaving(Enum):
    """How gdb has left."""

    DETACHED = "the machine goes on"
    KILLED = "the machine has ended"


class Stub:
    """What answers one gdb."""

    def __init__(
        self,
        session: Session,
        execution: Execution,
        program: ProgramFile,
        monitor: Callable[[str], str],
        send: Callable[[bytes], None],
    ) -> None:
        """Answer for *session*.

        :param monitor: what a command of the console shows.
        :param send: takes packets that come before an answer.
        """
        self._session = session
        self._execution = execution
        self._program = program
        self._monitor = monitor
        self._send = send
        self._registers = shown_registers(session)
        self._description = target_description(self._registers)
        self._points = Points(session.machine.stops)
        self._last: MotionEnd | None = None
        self._cpu = session.cpu
        self._moving = fields.ANY_THREAD
        """The thread that ``s`` and ``c`` mean."""
        self._has_reasons = False
        self.is_without_acknowledgement = False
        self.left: Leaving | None = None
        self._queries: dict[bytes, Callable[[bytes], bytes]] = {
            b"qSupported": self._supported,
            b"qXfer": self._transfer,
            b"qC": lambda _: b"QC%x" % (self._cpu.address + 1),
            b"qfThreadInfo": lambda _: b"m" + b",".join(b"%x" % (cpu.address + 1) for cpu in self._cpus),
            b"qsThreadInfo": lambda _: b"l",
            b"qThreadExtraInfo": self._describe_thread,
            b"qAttached": lambda _: b"1",
            b"qSymbol": lambda _: b"OK",
            b"qRcmd": self._command,
            b"QStartNoAckMode": self._acknowledge_no_more,
            b"QNonStop": lambda rest: b"OK" if rest == b"0" else b"E%02x" % NOT_NOW,
            b"vCont?": lambda _: b"vCont;c;C;s;S;r",
            b"vCont": self._go_on,
            b"vFile": self._program.answer,
            b"vKill": lambda _: self._kill(b"OK") or b"",
        }
        self._commands: dict[int, Callable[[bytes], bytes | None]] = {
            ord("?"): lambda _: self._reply(self._last),
            ord("g"): lambda _: b"".join(each.text(self._session, self._cpu) for each in self._registers),
            ord("G"): self._write_registers,
            ord("p"): self._read_register,
            ord("P"): self._write_register,
            ord("m"): self._read,
            ord("M"): self._write,
            ord("X"): self._write_octets,
            ord("Z"): self._insert,
            ord("z"): self._remove,
            ord("s"): self._step,
            ord("S"): lambda rest: self._step(rest.partition(b";")[2]),
            ord("c"): self._continue,
            ord("C"): lambda rest: self._continue(rest.partition(b";")[2]),
            ord("b"): self._go_back,
            ord("H"): self._choose_thread,
            ord("T"): self._is_alive,
            ord("D"): self._detach,
            ord("k"): lambda _: self._kill(None),
        }

    def answer(self, packet: bytes) -> bytes | None:
        """The answer to *packet*; None if there is to be none, empty if it is not known."""
        try:
            if packet[:1] in (b"q", b"Q", b"v"):
                return self._query(packet)
            command = self._commands.get(packet[0]) if packet else None
            return b"" if command is None else command(packet[1:])
        except PacketError as reason:
            return b"E%02x" % reason.number
        except HostFailure:
            return b"E%02x" % HOST_FAILED

    def close(self) -> None:
        """Take away what gdb has set."""
        self._points.clear()

    # Which CPU

    @property
    def _cpus(self) -> list[Cpu]:
        return self._session.machine.cpus

    def _of_thread(self, thread: int) -> Cpu:
        if thread in (fields.ANY_THREAD, fields.ALL_THREADS):
            return self._cpu
        if not 1 <= thread <= len(self._cpus):
            raise PacketError
        return self._cpus[thread - 1]

    def _choose_thread(self, rest: bytes) -> bytes:
        thread = fields.thread(rest[1:])
        if rest[:1] == b"g":
            self._cpu = self._of_thread(thread)
        elif rest[:1] == b"c":
            self._of_thread(thread)
            self._moving = thread
        else:
            raise PacketError
        return b"OK"

    def _is_alive(self, rest: bytes) -> bytes:
        self._of_thread(fields.thread(rest))
        return b"OK"

    def _describe_thread(self, rest: bytes) -> bytes:
        return self._words(self._of_thread(fields.thread(rest))).encode("ascii").hex().encode("ascii")

    def _words(self, cpu: Cpu) -> str:
        waiting = ", waiting" if cpu.is_waiting else ""
        state = "problem state" if cpu.problem_state else "supervisor state"
        return f"CPU {cpu.address}: {cpu.state.value}{waiting}, {state}"

    # Queries

    def _query(self, packet: bytes) -> bytes:
        ends = [end for end in map(packet.find, (b":", b",", b";")) if end >= 0]
        end = min(ends, default=len(packet))
        query = self._queries.get(packet[:end])
        return b"" if query is None else query(packet[end + 1 :])

    def _supported(self, rest: bytes) -> bytes:
        self._has_reasons = b"swbreak+" in rest.split(b";")
        backward = b";ReverseStep+;ReverseContinue+" if self._session.history is not None else b""
        return (
            b"PacketSize=%x;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;qXfer:features:read+;"
            b"qXfer:memory-map:read+;qXfer:threads:read+;qXfer:exec-file:read+" % LARGEST
        ) + backward

    def _transfer(self, rest: bytes) -> bytes:
        parts = rest.split(b":")
        if len(parts) != 4 or parts[1] != b"read":
            return b""
        match parts[0], parts[2]:
            case b"features", b"target.xml":
                document = self._description
            case b"memory-map", _:
                document = memory_map()
            case b"threads", _:
                document = self._threads()
            case b"exec-file", _:
                document = NAME
            case _:
                return b"E00"
        return fields.part_of(document, parts[3])

    def _threads(self) -> bytes:
        lines = [f'<thread id="{cpu.address + 1:x}">{self._words(cpu)}</thread>' for cpu in self._cpus]
        return f'<?xml version="1.0"?>\n<threads>{"".join(lines)}</threads>\n'.encode("ascii")

    def _command(self, rest: bytes) -> bytes:
        try:
            line = fields.octets(rest).decode("utf-8")
        except UnicodeDecodeError:
            raise PacketError from None
        shown = self._monitor(line).encode()
        for start in range(0, len(shown), _MOST_BYTES):
            self._send(b"O" + shown[start : start + _MOST_BYTES].hex().encode("ascii"))
        return b"OK"

    def _acknowledge_no_more(self, _: bytes) -> bytes:
        self.is_without_acknowledgement = True
        return b"OK"

    # Registers

    def _read_register(self, rest: bytes) -> bytes:
        number = fields.number(rest)
        if number >= len(self._registers):
            raise PacketError
        return self._registers[number].text(self._session, self._cpu)

    def _write_register(self, rest: bytes) -> bytes:
        number_text, equals, value_text = rest.partition(b"=")
        number = fields.number(number_text)
        if not equals or number >= len(self._registers):
            raise PacketError
        self._put(number, value_text)
        return b"OK"

    def _write_registers(self, rest: bytes) -> bytes:
        """Those whose value is not the present one, which those are that only show something."""
        length = 2 * sum(each.octets for each in self._registers)
        if len(rest) != length:
            raise PacketError
        start = 0
        for number, each in enumerate(self._registers):
            text = rest[start : start + 2 * each.octets]
            start += 2 * each.octets
            if text.lower() != each.text(self._session, self._cpu):
                self._put(number, text)
        return b"OK"

    def _put(self, number: int, text: bytes) -> None:
        register = self._registers[number]
        value = fields.octets(text)
        if len(value) != register.octets:
            raise PacketError
        self._session.choose_cpu(self._cpu.address)
        try:
            register.write(self._session, int.from_bytes(value, "big"))
        except ValueError:
            raise PacketError(NOT_NOW) from None
        finally:
            self._session.choose_cpu(None)

    # Storage

    def _read(self, rest: bytes) -> bytes:
        address, length = fields.numbers(rest, 2)
        data = bytearray()
        try:
            for piece in look(self._cpu, address, min(length, _MOST_BYTES)):
                data += piece.data
        except NoStorageError:
            if not data and length:
                raise PacketError(NO_STORAGE) from None
        return bytes(data).hex().encode("ascii")

    def _write(self, rest: bytes) -> bytes:
        where, _, data = rest.partition(b":")
        return self._store(where, fields.octets(data))

    def _write_octets(self, rest: bytes) -> bytes:
        where, _, data = rest.partition(b":")
        return self._store(where, data)

    def _store(self, where: bytes, data: bytes) -> bytes:
        address, length = fields.numbers(where, 2)
        if length != len(data):
            raise PacketError
        self._session.choose_cpu(self._cpu.address)
        try:
            self._session.store(address, data)
        except (NoStorageError, ProgramInterruption):
            raise PacketError(NO_STORAGE) from None
        finally:
            self._session.choose_cpu(None)
        return b"OK"

    # Points

    def _insert(self, rest: bytes) -> bytes:
        kind, _, where = rest.partition(b",")
        self._points.insert(kind, where)
        return b"OK"

    def _remove(self, rest: bytes) -> bytes:
        kind, _, where = rest.partition(b",")
        self._points.remove(kind, where)
        return b"OK"

    # Going on

    def _step(self, address: bytes) -> bytes:
        self._go_to(address)
        return self._ended(self._execution.step(self._of_thread(self._moving)))

    def _continue(self, address: bytes) -> bytes:
        self._go_to(address)
        return self._ended(self._execution.go())

    def _go_to(self, address: bytes) -> None:
        if address:
            self._put(1, b"%016x" % fields.number(address))

    def _go_on(self, rest: bytes) -> bytes:
        """``vCont``: each thread does what the first action that names it says; a step goes before the others."""
        actions = [action.partition(b":") for action in rest.split(b";")]
        kinds = [(kind, fields.thread(thread) if colon else fields.ALL_THREADS) for kind, colon, thread in actions]
        for kind, thread in kinds:
            cpu = self._of_thread(thread)
            if kind[:1] in (b"s", b"S"):
                return self._ended(self._execution.step(cpu))
            if kind[:1] == b"r":
                first, end = fields.numbers(kind[1:], 2)
                return self._ended(self._execution.step_out_of(cpu, first, end))
        if all(kind[:1] in (b"c", b"C") for kind, _ in kinds):
            return self._ended(self._execution.go())
        raise PacketError

    def _go_back(self, rest: bytes) -> bytes:
        motion = {b"s": self._execution.step_back, b"c": self._execution.go_back}.get(rest)
        if motion is None:
            return b""
        try:
            return self._ended(motion())
        except HistoryError as reason:
            self._say(f"essa: {reason}\n")
            raise PacketError(NOT_NOW) from None

    def _ended(self, ended: MotionEnd) -> bytes:
        self._last = ended
        self._cpu = self._cpus[ended.cpu]
        text = spoken(ended, self._points)
        if text:
            self._say(text)
        return self._reply(ended)

    def _say(self, text: str) -> None:
        """Show *text* to the user of gdb."""
        self._send(b"O" + text.encode().hex().encode("ascii"))

    def _reply(self, ended: MotionEnd | None) -> bytes:
        return stop_reply(ended, self._points, has_reasons=self._has_reasons)

    # Leaving

    def _detach(self, _: bytes) -> bytes:
        self.left = Leaving.DETACHED
        return b"OK"

    def _kill(self, answer: bytes | None) -> bytes | None:
        self.left = Leaving.KILLED
        return answer
