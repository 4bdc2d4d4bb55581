# SPDX-License-Identifier: GPL-2.0-or-later
"""Saving machines between two instructions, with the host under them, and going on with them elsewhere.

What is saved is what their owners have declared (:mod:`emu.state`); :mod:`emu.save_file` puts it in a file.  Consoles,
observers, and the identification that STSI tells are of the machine that goes on, not of what was saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emu.state import State, StateError, restore_state, state_of

if TYPE_CHECKING:
    from emu.machine import Machine

PROGRAM: Final = "program"
"""By this name a saved state may say, besides, which program is in the machine."""
_SHAPE = ("memory", "profile", "facilities")


def save(*machines: Machine, host: object | None = None) -> State:
    """Everything of *machines*, the guests of *host* if they have one; saving it changes nothing.

    :param host: what they all share below them, with a declared state of its own.
    :raises StateError: if something in them has declared none.
    :raises HostFailure: if a preserved page cannot be read.
    """
    return {
        "machines": [state_of(machine.configuration) for machine in machines],
        "host": None if host is None else state_of(host),
    }


def restore(saved: State, *machines: Machine, host: object | None = None) -> None:
    """Let *machines*, new ones of the same configurations on a new *host* of the same kind, go on from *saved*.

    :raises StateError: if they are others, or of other devices, or there is a host where there was none; they are of no
        use then.
    """
    states = saved["machines"]
    if len(states) != len(machines):
        raise StateError(f"expected {len(states)} machines, as were saved, not {len(machines)}")
    if (saved["host"] is None) != (host is None):
        was, is_now = ("a" if each is not None else "no" for each in (saved["host"], host))
        raise StateError(f"saved with {was} host that pages, and to be restored with {is_now} host that pages")
    for machine, state in zip(machines, states, strict=True):
        _require_same_shape(machine, state)
        machine.configuration.translations.forget_all_code()
    if host is not None:
        restore_state(host, saved["host"])
    for machine, state in zip(machines, states, strict=True):
        restore_state(machine.configuration, state)


def require_same_program(saved: State, program: dict[str, Any]) -> None:
    """See that what is *saved*, if it says of which program it is, is of *program*: names, and what each of them is.

    :raises StateError: if it is of another.
    """
    for name, value in saved.get(PROGRAM, {}).items():
        if name in program and program[name] != value:
            raise StateError(f"{name}: expected {value!r}, as was saved, not {program[name]!r}")


def _require_same_shape(machine: Machine, state: dict[str, Any]) -> None:
    configuration = machine.configuration
    found = {field.name: field.get(configuration) for field in configuration.STATE.fields if field.name in _SHAPE}
    found["CPUs"] = len(configuration.cpus)
    wanted = {**{name: state[name] for name in _SHAPE}, "CPUs": len(state["cpus"])}
    for name, value in wanted.items():
        if found[name] != value:
            raise StateError(f"{name}: expected {value}, as was saved, not {found[name]}")
