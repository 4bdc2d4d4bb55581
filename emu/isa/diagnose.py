# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE: what a guest asks of the hypervisor below it.

The Principles of Operation leave DIAGNOSE to the model.  This machine answers, by the code in bits 48-63 of the
second-operand address, as z/VM (SC24-6084) or KVM would; all other codes are specification exceptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SIZE
from emu.bits import MASK_64
from emu.configuration import Floating
from emu.cpu import CpuState
from emu.devices.channel_subsystem import ChannelSubsystem
from emu.devices.watchdog import Watchdog
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RS_A
from emu.isa.virtual_console_function import give_command
from emu.isa.virtual_machine_communication import communicate
from emu.lowcore import IPL_PSW, PREFIX_AREA_SIZE
from emu.pending import idle_units
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import Psw
from emu.resets import clear_registers, reset_cpu

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

_Code = ProgramInterruptionCode


def _specification() -> ProgramInterruption:
    return ProgramInterruption(_Code.SPECIFICATION)


# 0x010: release pages


def _release_pages(cpu: Cpu, operands: Operands) -> None:
    """Code 0x010: the pages from real address R1 to real address R3, both included, have lost their content.

    They read as zeros afterwards; keys and usage states stay.

    :raises ProgramInterruption: specification unless both addresses are page boundaries outside the first 8 KB and in
        order; addressing if the range leaves the configuration.
    """
    start, last = cpu.address_in(operands.r1), cpu.address_in(operands.r3)
    if (start | last) & PAGE_OFFSET_MASK or start > last or start < PREFIX_AREA_SIZE:
        raise _specification()
    configuration = cpu.configuration
    configuration.storage.require(last)
    for address in range(start, last + 1, PAGE_SIZE):
        page = cpu.real_to_absolute(address) >> 12
        if configuration.storage.code_pages[page]:
            configuration.storage.code_written(page)
        configuration.translations.page_changed(page)
        configuration.hypervisor.drop(page)


# 0x044 and 0x09C: giving up the CPU


def give_up_turn(cpu: Cpu, operands: Operands) -> None:
    """Codes 0x044 (to any CPU) and 0x09C (to the one in R1): this CPU has nothing better to do than wait.

    After the instruction it is the turn of the next CPU that can run.  If there are others, but none can, the CPU's
    own begins anew.
    """
    configuration = cpu.configuration
    if len(configuration.cpus) == 1 or idle_units(cpu) <= 1:
        configuration.turns.end_now()
    else:
        configuration.turns.begin(cpu.address, configuration.timing.work + 1, is_alone=False)


# 0x258: page-fault handshaking

_HANDSHAKE_LENGTH: Final = 40
_HANDSHAKE_DOUBLEWORDS: Final = 5
_HANDSHAKE_VERSION: Final = 2
_HANDSHAKE_TOKEN: Final = 0
_HANDSHAKE_CANCEL: Final = 1
HANDSHAKE_NOT_ACTIVE: Final = 4
HANDSHAKE_ACTIVE: Final = 8


def _page_fault_handshaking(cpu: Cpu, operands: Operands) -> None:
    """Code 0x258: establish or cancel page-fault handshaking by the parameter block at real address R1; R3 gets 0 for
    success, 4 if there was nothing to cancel, 8 if it was established already.

    The host brings pages in while the guest stands still, so nothing is ever presented for the token.

    :raises ProgramInterruption: specification for a block that is not on a doubleword boundary or wrong in itself;
        addressing.
    """
    address = cpu.address_in(operands.r1)
    if address % 8:
        raise _specification()
    block = access.load(cpu, address, _HANDSHAKE_LENGTH, key=0, real=True)
    code, function, length, version = (int.from_bytes(block[offset : offset + 2], "big") for offset in (0, 2, 4, 6))
    token, select, compare, reserved = (int.from_bytes(block[offset : offset + 8], "big") for offset in (8, 16, 24, 32))
    if code != 0x258 or length < _HANDSHAKE_DOUBLEWORDS or version != _HANDSHAKE_VERSION:
        raise _specification()
    if function == _HANDSHAKE_TOKEN:
        if cpu.page_fault_token is not None:
            cpu.gr[operands.r3] = HANDSHAKE_ACTIVE
            return
        if compare & ~select or token % 8:
            raise _specification()
        cpu.configuration.storage.require(cpu.real_to_absolute(token))
        cpu.page_fault_token = token
        cpu.gr[operands.r3] = 0
    elif function == _HANDSHAKE_CANCEL:
        if token or select or compare or reserved:
            raise _specification()
        cpu.gr[operands.r3] = HANDSHAKE_NOT_ACTIVE if cpu.page_fault_token is None else 0
        cpu.page_fault_token = None
    else:
        raise _specification()


# 0x260: storage size and configuration

_STORAGE_SIZE: Final = 0x0C
_STORAGE_CONFIGURATION: Final = 0x10
_EXTENT: Final = 16


def _storage_information(cpu: Cpu, operands: Operands) -> None:
    """Code 0x260: subcode 0x0C in R3 puts the address of the last byte of storage in R1 and R3; subcode 0x10 stores the
    extents of storage, first and last byte in a doubleword each, at real address R1 in R1 + 1 bytes, and puts their
    number, which is one, in R3 (condition code 0).

    :raises ProgramInterruption: specification for another subcode; with 0x10 for an odd R1, an address not on a 16-byte
        boundary, or a length that is not a multiple of 16 or zero; access exceptions.
    """
    subcode = cpu.gr[operands.r3]
    last = cpu.configuration.storage.size - 1
    if subcode == _STORAGE_SIZE:
        cpu.gr[operands.r1] = cpu.gr[operands.r3] = last
    elif subcode == _STORAGE_CONFIGURATION:
        if operands.r1 & 1:
            raise _specification()
        address, length = cpu.address_in(operands.r1), cpu.gr[operands.r1 + 1]
        if address % _EXTENT or length % _EXTENT or not length:
            raise _specification()
        access.store(cpu, address, last.to_bytes(_EXTENT, "big"), real=True)
        cpu.gr[operands.r3] = 1
        cpu.cc = 0
    else:
        raise _specification()


# 0x288: the watchdog

_RESTART: Final = 0


def _watchdog(cpu: Cpu, operands: Operands) -> None:
    """Code 0x288: the function in R1 with the interval in R1 + 1, in seconds, and the action in R3.

    :raises ProgramInterruption: specification without the watchdog, for an odd R1, and for a function, an interval or
        an action that it does not have.
    """
    watchdog = cpu.configuration.device(Watchdog)
    is_possible = watchdog.is_installed and operands.r1 % 2 == 0 and cpu.gr[operands.r3] == _RESTART
    if not is_possible or not watchdog.control(cpu.gr[operands.r1], cpu.gr[operands.r1 + 1]):
        raise _specification()


# 0x308: initial program loading

_MODIFIED_CLEAR: Final = 0
_LOAD_NORMAL: Final = 1
_LOAD_CLEAR: Final = 3
_LOAD_NORMAL_DUMP: Final = 4
_SET_PARAMETERS: Final = 5
_STORE_PARAMETERS: Final = 6
PARAMETERS_INVALID: Final = 0x402
PARAMETERS_NOT_SET: Final = 0x102


class LoadRequested(Exception):  # noqa: N818 - the guest wants it
    """The guest wants to be loaded again, from the device that it was loaded from: it reboots."""


def _reset(cpu: Cpu, *, clear: bool) -> None:
    """Reset the CPUs and the subsystem, keep storage, and load the PSW in the doubleword at absolute location 0.

    :param clear: reset every CPU wholly, with its registers; otherwise only this one gets an initial CPU reset.
    """
    configuration = cpu.configuration
    psw = Psw.from_short(configuration.storage.read_integer(IPL_PSW, 8))
    for other in configuration.cpus:
        reset_cpu(other, initial=clear or other is cpu)
        if clear:
            clear_registers(other)
    for device in configuration.devices:
        device.reset()
    configuration.floating = Floating()
    configuration.topology.reset()
    configuration.states.reset()
    configuration.translations.flush_all()
    cpu.state = CpuState.OPERATING
    cpu.load_psw(psw)


def _load_parameters(cpu: Cpu, operands: Operands, subcode: int) -> None:
    """Set or store the parameters of the next load: there is nothing to load from, so none are taken and none are set.

    :raises ProgramInterruption: specification for an odd R1 or an address not on a page boundary; addressing.
    """
    address = cpu.address_in(operands.r1)
    if operands.r1 & 1 or address & PAGE_OFFSET_MASK:
        raise _specification()
    cpu.configuration.storage.require(cpu.real_to_absolute(address))
    cpu.gr[operands.r1 + 1] = PARAMETERS_INVALID if subcode == _SET_PARAMETERS else PARAMETERS_NOT_SET


def _program_loading(cpu: Cpu, operands: Operands) -> None:
    """Code 0x308: the subcode is in R3, an address, where one is needed, in R1.

    :raises ProgramInterruption: specification for a subcode that is not provided, and see :func:`_load_parameters`.
    :raises LoadRequested: for a load from a device: whoever has loaded the program has to do that.
    """
    subcode = cpu.gr[operands.r3]
    if subcode in (_MODIFIED_CLEAR, _LOAD_NORMAL):
        _reset(cpu, clear=subcode == _MODIFIED_CLEAR)
    elif subcode in (_LOAD_CLEAR, _LOAD_NORMAL_DUMP):
        raise LoadRequested(f"the guest asked to be loaded again (DIAGNOSE 0x308, subcode {subcode})")
    elif subcode in (_SET_PARAMETERS, _STORE_PARAMETERS):
        _load_parameters(cpu, operands, subcode)
    else:
        raise _specification()


# 0x500: KVM's hypercalls

_INVALID_ARGUMENT: Final = -22 & MASK_64


_VIRTIO_CCW_NOTIFY: Final = 3


def _hypercall(cpu: Cpu, operands: Operands) -> None:
    """Code 0x500: function 3 in GR1 rings the doorbell of queue GR3 of the virtio device on the subchannel in GR2.

    GR2 gets a cookie, zero here, or -EINVAL if there is no such queue or the function is another one.
    """
    subsystem, queue = cpu.gr[2] & 0xFFFF_FFFF, cpu.gr[3]
    done = (
        cpu.gr[1] == _VIRTIO_CCW_NOTIFY
        and subsystem >> 16 == 1
        and cpu.configuration.device(ChannelSubsystem).notify(subsystem & 0xFFFF, queue)
    )
    cpu.gr[2] = 0 if done else _INVALID_ARGUMENT


FUNCTIONS: Final[dict[int, Callable[[Cpu, Operands], None]]] = {
    0x008: give_command,
    0x010: _release_pages,
    0x044: give_up_turn,
    0x068: communicate,
    0x09C: give_up_turn,
    0x258: _page_fault_handshaking,
    0x260: _storage_information,
    0x288: _watchdog,
    0x308: _program_loading,
    0x500: _hypercall,
}


@instruction(0x83, "DIAG", RS_A, "DIAGNOSE", privileged=True)
def diag(cpu: Cpu, operands: Operands) -> None:
    """Call the hypervisor's function whose code is in bits 48-63 of the second-operand address.

    :raises ProgramInterruption: specification if there is none; what the function recognises.
    """
    function = FUNCTIONS.get(cpu.effective_address(operands.b2, operands.d2) & 0xFFFF)
    if function is None:
        raise _specification()
    function(cpu, operands)
