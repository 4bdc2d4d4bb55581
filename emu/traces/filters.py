# SPDX-License-Identifier: GPL-2.0-or-later
"""Filters: which rows of a chunk are wanted.  They are the same where a trace is recorded and where it is read.

A filter of instructions (by address, CPU, or state) leaves of all else what happened in these.  What belongs to no
instruction, but has an address, is judged by that: an interruption by its old PSW.  What has none, such as what host
and devices do, is left out then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from emu.traces import schema
from emu.traces.schema import Mode

if TYPE_CHECKING:
    from emu.traces.instructions import CodeTable
    from emu.traces.prediction import Rows

Mask = npt.NDArray[np.bool_]
Range = tuple[int, int]
"""The first and the last."""

_ALWAYS: Final = frozenset({"blocks", "states"})
"""Without them the others would say nothing."""
_IN_INSTRUCTIONS: Final = frozenset({"registers", "accesses", "keys", "translations", "page_states"})


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted; of what is None, everything."""

    numbers: Range | None = None
    times: Range | None = None
    cpus: frozenset[int] | None = None
    addresses: tuple[Range, ...] | None = None
    """Of instructions."""
    problem_state: bool | None = None
    streams: frozenset[str] | None = None

    @property
    def is_of_instructions(self) -> bool:
        """Whether it is about which instructions are wanted."""
        return self.cpus is not None or self.addresses is not None or self.problem_state is not None

    def apply(self, streams: Mapping[str, Rows], code: CodeTable) -> dict[str, Rows]:
        """What is wanted of the *streams* of a chunk, whose blocks are in *code*."""
        if not (self.is_of_instructions or self.numbers or self.times):
            return {name: rows for name, rows in streams.items() if self._has(name)}
        executed = code.expand(self._near(streams.get("flow", schema.empty("flow"))))
        wanted = executed[self.of_instructions(executed)]
        moments = schema.moments(wanted)
        found = {}
        for name, rows in streams.items():
            if not self._has(name):
                continue
            if name in _ALWAYS:
                found[name] = rows
            elif name == "flow":
                found[name] = code.fold(wanted)
            else:
                found[name] = rows[self._of_events(name, rows, moments, has_flow=bool(executed.size))]
        return found

    def _has(self, stream: str) -> bool:
        return stream in _ALWAYS or self.streams is None or stream in self.streams

    def _near(self, flow: Rows) -> Rows:
        """The rows of *flow* among which those in the window are: the others need not be looked at one by one."""
        if self.numbers is None:
            return flow
        first, last = self.numbers
        begin, end = np.searchsorted(flow["number"], np.array([first, min(last + 1, (1 << 64) - 1)], dtype=np.uint64))
        # The row before may reach into it, and be followed by a target of the same number.
        while begin > 0 and int(flow["number"][begin - 1]) + max(int(flow["count"][begin - 1]), 1) > first:
            begin -= 1
        return flow[begin:end]

    def of_instructions(self, executed: Rows) -> Mask:
        """Which of these *executed* instructions (:data:`emu.traces.instructions.EXECUTED`) are wanted.

        The target of an EXECUTE is, if this is.
        """
        mask = self._in_window(executed)
        if self.cpus is not None:
            mask &= np.isin(executed["cpu"], list(self.cpus))
        if self.addresses is not None:
            mask &= self._at(executed["address"])
        if self.problem_state is not None:
            mask &= (executed["mode"] & Mode.PROBLEM_STATE != 0) == self.problem_state
        targets = np.flatnonzero(executed["kind"] == schema.FlowKind.TARGET)
        mask[targets] = mask[np.maximum(targets - 1, 0)]
        return mask

    def _in_window(self, rows: Rows) -> Mask:
        mask = np.ones(rows.size, dtype=bool)
        for name, wanted in (("number", self.numbers), ("time", self.times)):
            if wanted is not None and name in (rows.dtype.names or ()):
                mask &= (rows[name] >= np.uint64(wanted[0])) & (rows[name] <= np.uint64(wanted[1]))
        return mask

    def _at(self, addresses: npt.NDArray[Any]) -> Mask:
        mask = np.zeros(addresses.size, dtype=bool)
        for first, last in self.addresses or ():
            mask |= (addresses >= np.uint64(first)) & (addresses <= np.uint64(last))
        return mask

    def _of_events(self, name: str, rows: Rows, moments: npt.NDArray[Any], *, has_flow: bool) -> Mask:
        mask = self._in_window(rows)
        names = rows.dtype.names or ()
        if name in _IN_INSTRUCTIONS and has_flow:
            needs = self.is_of_instructions or (self.times is not None and "time" not in names)
            return mask & _are_in(schema.moments(rows), moments) if needs else mask
        if self.cpus is not None:
            mask &= np.isin(rows["cpu"], list(self.cpus)) if "cpu" in names else False
        if self.addresses is not None:
            place = {"interruptions": "old_address", "page_states": "address"}.get(name)
            mask &= self._at(rows[place]) if place is not None else False
        if self.problem_state is not None:
            mask &= self._is_of_state(name, rows)
        return mask

    def _is_of_state(self, name: str, rows: Rows) -> Any:
        if name == "interruptions":
            return (rows["old_mask"] >> np.uint64(48) & np.uint64(1) != 0) == self.problem_state
        # ESSA and what changes keys are privileged.
        return name in _IN_INSTRUCTIONS and not self.problem_state


def _are_in(moments: npt.NDArray[Any], those: npt.NDArray[Any]) -> Mask:
    """Which of *moments* are among *those*, which are in order."""
    if not those.size:
        return np.zeros(moments.size, dtype=bool)
    found: Mask = those[np.minimum(np.searchsorted(those, moments), those.size - 1)] == moments
    return found


EVERYTHING: Final = Filter()
