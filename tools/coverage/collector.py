# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run exercises, counted in what a recorder says of it (:mod:`emu.traces.schema`, level "registers").

Nothing is kept of the recording itself: chunk after chunk becomes counts.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from emu import lowcore
from emu import page_states as states
from emu import psw as psw_bits
from emu.engine.mnemonics import mnemonic_of
from emu.isa.signaling import Order
from emu.program_interruption import ProgramInterruptionCode
from emu.teid import STORE_INDICATION, Protection
from emu.traces import schema
from emu.traces.instructions import CodeTable, have_ended
from emu.traces.schema import FlowKind, InterruptionClass, Register
from tools.coverage import key_rules, matrices
from tools.coverage.history import RegisterHistory, history
from tools.coverage.key_rules import Cell
from tools.reports.trace_lines import request_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emu.traces.prediction import Rows

Counts = Counter[tuple[str, Cell]]
"""How often each cell was reached, by the name of its matrix."""

_CONDITION_CODE: Final = np.uint64(44)
"""Bits of the PSW mask to the right of it."""
_PROTECTIONS: Final = {each.value: each for each in Protection}
_PROTECTION_BITS: Final = Protection.LOW_ADDRESS.value | Protection.KEY_CONTROLLED.value | Protection.DAT.value
_TEID: Final = lowcore.TRANSLATION_EXCEPTION - schema.LOW_CORE
_SIGP: Final = "SIGP"


class CoverageCollector:
    """Takes the chunks of a recording of one machine."""

    def __init__(self, profile: str, way: str) -> None:
        """Count nothing yet.

        :param profile: whose ESSA the machine has.
        :param way: one of :data:`tools.coverage.matrices.WAYS`.
        """
        self.counts: Counts = Counter()
        self._profile = profile
        self._way = way
        self._code = CodeTable()
        self._names: list[str] = []
        """For each place of the code table, what its instruction is called."""
        self._keys = key_rules.RecordedKeys()
        self._last: dict[int, tuple[int, str]] = {}
        """For each CPU the number of the instruction that it ended last, and what that is called."""

    def chunk(
        self,
        first: int,
        end: int,
        streams: Mapping[str, Rows],
        blob: bytes | bytearray | memoryview = b"",
        *,
        time: int,
        end_time: int,
        has_gap: bool = False,
    ) -> None:
        """See :meth:`emu.traces.writer.TraceWriter.chunk`."""
        self._code.add(streams.get("blocks", schema.empty("blocks")), blob)
        self._names += [mnemonic_of(self._code.bytes_at(place)) for place in range(len(self._names), len(self._code))]
        executed = self._code.expand(streams.get("flow", schema.empty("flow")))
        self._keys.begin(streams.get("keys", schema.empty("keys")))
        accesses = streams.get("accesses", schema.empty("accesses"))
        for cpu in np.unique(streams["states"]["cpu"]).tolist():
            own = executed[executed["cpu"] == cpu]
            masks, control = (history(streams, cpu, each) for each in (Register.PSW_MASK, Register.CONTROL))
            self._count_ended(own, masks)
            self._count_signals(own, masks, streams, cpu)
            self._count_masks(own, control)
            for cell, count in key_rules.permitted(accesses[accesses["cpu"] == cpu], self._keys, masks, control):
                self.counts[key_rules.MATRIX, cell] += count
        self._count_interruptions(executed, streams.get("interruptions", schema.empty("interruptions")), blob)
        for row in streams.get("page_states", schema.empty("page_states")):
            cell = self._profile, states.name(int(row["before"])), request_name(int(row["request"]))
            self.counts["page hinting", cell] += 1
        self._keys.end()

    # Instructions

    def _count_ended(self, own: Rows, masks: RegisterHistory) -> None:
        """Count the instructions of one CPU that have ended, with the condition code that they have left."""
        ended = own[have_ended(own)]
        if not ended.size:
            return
        codes = masks.at(schema.moments(ended), side="right") >> _CONDITION_CODE & np.uint64(3)
        keys, counts = np.unique(ended["place"] << 2 | codes.astype(np.int64), return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            name = self._names[key >> 2]
            self.counts["instructions", (name, matrices.ENDED)] += count
            self.counts["instructions", (name, f"cc {key & 3}")] += count
        last = ended[-1]
        self._last[int(last["cpu"])] = int(last["number"]), self._names[int(last["place"])]

    def _count_signals(self, own: Rows, masks: RegisterHistory, streams: Mapping[str, Rows], cpu: int) -> None:
        """Count the orders of SIGNAL PROCESSOR with their condition codes."""
        is_sigp = np.array([name == _SIGP for name in self._names], dtype=bool)
        signals = own[(own["kind"] == FlowKind.EXECUTED) & is_sigp[own["place"]]]
        if not signals.size:
            return
        for row in signals:
            instruction, moment = self._code.bytes_at(int(row["place"])), schema.moments(row[None])
            base, order = instruction[2] >> 4, int.from_bytes(instruction[2:4], "big") & 0xFFF
            if base:
                order += int(history(streams, cpu, Register.GENERAL + base).at(moment, side="left")[0])
            order &= 0xFF
            if order in frozenset(Order):
                code = int(masks.at(moment, side="right")[0]) >> int(_CONDITION_CODE) & 3
                name = Order(order).name.lower().replace("_", " ")
                self.counts["SIGNAL PROCESSOR", (name, f"cc {code}")] += 1

    def _count_masks(self, own: Rows, control: RegisterHistory) -> None:
        """Count the instructions that were executed with each mask of external interruptions zero and one."""
        ended = own[own["kind"] == FlowKind.EXECUTED]
        values, counts = np.unique(control.at(schema.moments(ended), side="left"), return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            for name, mask in matrices.EXTERNAL.values():
                self.counts["external interruptions", (name, f"mask {int(bool(value & mask))}")] += count

    # Interruptions

    def _count_interruptions(self, executed: Rows, taken: Rows, blob: bytes | bytearray | memoryview) -> None:
        begun = executed[executed["kind"] == FlowKind.NOT_EXECUTED]
        not_ended = {
            (moment, cpu): place
            for moment, cpu, place in zip(
                schema.moments(begun).tolist(), begun["cpu"].tolist(), begun["place"].tolist(), strict=True
            )
        }
        for row, moment in zip(taken, schema.moments(taken).tolist(), strict=True):
            code = int(row["code"])
            if row["class"] == InterruptionClass.EXTERNAL and code in matrices.EXTERNAL:
                self.counts["external interruptions", (matrices.EXTERNAL[code][0], "taken")] += 1
            if row["class"] != InterruptionClass.PROGRAM:
                continue
            place = not_ended.get((moment, int(row["cpu"])))
            low_core = bytes(blob[int(row["low_core"]) : int(row["low_core"]) + schema.LOW_CORE_LENGTH])
            self._count_program_interruption(row, moment, place, low_core)
            name = self._ended_before(executed, row) if place is None else self._names[place]
            if name:
                self.counts["instructions", (name, matrices.code_name(code & 0x7F or code))] += 1

    def _ended_before(self, executed: Rows, row: np.void) -> str:
        """The instruction after which an interruption was taken that is no one's who has not ended; or nothing."""
        if not row["length"]:
            return ""
        index = int(np.searchsorted(executed["number"], row["number"])) - 1
        while index >= 0 and executed["number"][index] == row["number"] - np.uint64(1):
            if executed["cpu"][index] == row["cpu"] and executed["kind"][index] != FlowKind.NOT_EXECUTED:
                return self._names[int(executed["place"][index])]
            index -= 1
        number, name = self._last.get(int(row["cpu"]), (-1, ""))
        return name if number + 1 == int(row["number"]) else ""

    def _count_program_interruption(self, row: np.void, moment: int, place: int | None, low_core: bytes) -> None:
        code = int(row["code"])
        if code & 0x80 and code & 0x7F:
            # With a PER event: both were recognized.
            self._count_code(ProgramInterruptionCode.PER_EVENT, matrices.NO_ACCESS, matrices.NO_ACCESS)
            code &= 0x7F
        if code not in matrices.IDENTIFIED:
            self._count_code(code, matrices.NO_ACCESS, matrices.NO_ACCESS)
            return
        identification = int.from_bytes(low_core[_TEID : _TEID + 8], "big")
        space = _space(int(row["old_mask"]))
        if place is None or not self._code.bytes_at(place):
            # There was no instruction yet that could be recorded.
            access = "instruction fetch"
        else:
            access = "store" if identification & STORE_INDICATION else "fetch"
        self._count_code(code, space, access)
        if code in matrices.TRANSLATION:
            self.counts["translation", (matrices.TRANSLATION[ProgramInterruptionCode(code)], access)] += 1
        protection = _PROTECTIONS.get(identification & _PROTECTION_BITS)
        if code == ProgramInterruptionCode.PROTECTION and protection is not None:
            self.counts["protection", (matrices.PROTECTIONS[protection], access, space)] += 1
            if protection is Protection.KEY_CONTROLLED and space == matrices.REAL and access != "instruction fetch":
                # With DAT on the recording does not say which block it is.
                block, at = (np.array([each], dtype=np.uint64) for each in (identification >> 12, moment))
                key = int(self._keys.at(block, at)[0])
                self.counts[key_rules.MATRIX, key_rules.refused(access, key)] += 1

    def _count_code(self, code: int, space: str, access: str) -> None:
        self.counts["program interruptions", (matrices.code_name(code), space, access, self._way)] += 1


def _space(mask: int) -> str:
    """The space that the PSW with bits 0-63 *mask* selects."""
    if not mask & psw_bits.DAT:
        return matrices.REAL
    return matrices.SPACES[mask >> 46 & 3]
