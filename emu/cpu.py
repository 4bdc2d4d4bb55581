# SPDX-License-Identifier: GPL-2.0-or-later
"""One CPU: its registers, PSW, prefix, pending interruptions and state (PoP chapters 2 and 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from emu import psw as psw_bits
from emu.bits import MASK_32, MASK_64
from emu.bits import field as field_of
from emu.control_registers import CR0_TRANSLATION
from emu.facilities import Facility
from emu.per import CR9_EVENTS, REGISTERS, Controls
from emu.prefixing import real_to_absolute
from emu.psw import AddressSpaceControl, Psw
from emu.state import Section, computed, constant

if TYPE_CHECKING:
    from emu.addresses import AbsoluteAddress
    from emu.configuration import Configuration
    from emu.engine_protocol import Registers, TranslationBuffer
    from emu.per import Recording

_ENGINE_OWNS = psw_bits.ADDRESSING_MODE | psw_bits.PROGRAM_MASK
"""PSW bits that unprivileged instructions change natively, so that the engine's copy is the true one."""
_SYSTEM = MASK_64 & ~(_ENGINE_OWNS | psw_bits.CONDITION_CODE)
_BITS_0_TO_7 = 0xFF << 56
_INTERRUPTION_MASKS = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK
_TRANSLATION = psw_bits.DAT | psw_bits.ADDRESS_SPACE_CONTROL
_SPACES = tuple(AddressSpaceControl)


class CpuState(Enum):
    """PoP chapter 4, "Stopped, Operating, Load, and Check-Stop States"."""

    OPERATING = "operating"
    STOPPED = "stopped"
    CHECK_STOP = "check-stop"


@dataclass(slots=True)
class PendingExternal:
    """External-interruption requests that belong to one CPU: the CPU addresses, of which the lowest comes first."""

    malfunction_alert: set[int] = field(default_factory=set)
    emergency_signal: set[int] = field(default_factory=set)
    external_call: int | None = None
    """The address of the CPU that called."""


_VIEW = "a view of the registers"
_IN_AN_INSTRUCTION = "means nothing between two instructions"


class Cpu:
    """One CPU of a configuration."""

    STATE = Section(
        "CPU",
        constant("address"),
        computed("cr", lambda cpu: list(cpu.cr), lambda cpu, values: cpu.load_control_registers(values), of=("cr",)),
        "prefix",
        "registers",
        computed(
            "psw",
            lambda cpu: cpu.psw.to_bytes(),
            lambda cpu, psw: cpu.restore_psw(Psw.from_bytes(psw)),
            of=("_system_mask", "problem_state", "key", "dat", "space"),
        ),
        "_state",
        "stopped_since",
        "cpu_timer_origin",
        "clock_comparator",
        "tod_programmable",
        "program_parameter",
        "page_fault_token",
        "pending",
        "machine_checks",
        "restart_pending",
        "stop_pending",
        "store_status_pending",
        "executed",
        excluded={
            "configuration": "whose part the CPU is",
            "tlb": "its translations can be made again at any time",
            "gr": _VIEW,
            "ar": _VIEW,
            "vr": _VIEW,
            "_engine_psw": "a view of the engine's PSW, which is a part of the PSW",
            "next_address": _IN_AN_INSTRUCTION,
            "relative_base": _IN_AN_INSTRUCTION,
            "instruction_length": _IN_AN_INSTRUCTION,
            "psw_loaded": _IN_AN_INSTRUCTION,
            "psw_change_length": _IN_AN_INSTRUCTION,
            "recording": _IN_AN_INSTRUCTION,
        },
    )

    def __init__(
        self, configuration: Configuration[Cpu], address: int, registers: Registers, tlb: TranslationBuffer
    ) -> None:
        self.configuration = configuration
        self.address = address
        """The CPU address."""
        self.registers = registers
        self.tlb = tlb
        self.gr = registers.gr
        self.ar = registers.ar
        self.vr = registers.vr
        self._engine_psw = registers.psw
        self.cr: memoryview[int] = memoryview(bytearray(128)).cast("Q")
        """The control registers; to change one, call :meth:`set_control_register`."""
        self.prefix = 0
        self.clock_comparator = 0
        self.cpu_timer_origin = 0
        """The CPU timer is this value minus the TOD clock's steady time (see :mod:`emu.timing`)."""
        self.tod_programmable = 0
        self.program_parameter = 0
        self.page_fault_token: int | None = None
        """What DIAGNOSE 0x258 has established; None if page-fault handshaking is not active."""
        registers.breaking_event_address = 1
        self._state = CpuState.STOPPED
        self.stopped_since: int | None = configuration.timing.steady
        """Steady time at which the CPU left the operating state; None while it is operating."""
        self.pending = PendingExternal()
        self.machine_checks = 0
        """The machine-check conditions that are pending for this CPU (:mod:`emu.machine_checks`)."""
        self.restart_pending = self.stop_pending = self.store_status_pending = False
        self.next_address = 0
        """Where execution goes on after the current instruction; an instruction function may change it."""
        self.relative_base = 0
        """What relative immediate operands count from: its own address, also of the target of an EXECUTE."""
        self.instruction_length = 0
        """Length of the instruction being executed (of EXECUTE, if it is the target of one)."""
        self.psw_loaded = False
        """A PSW was loaded since the last check for an early exception."""
        self.psw_change_length = 0
        """Length of the instruction that replaced a part of the PSW; zero if the whole of it was loaded."""
        self.recording: Recording | None = None
        """What PER records of the current instruction; None while it is off."""
        self.executed = 0
        """Instructions ended so far."""
        self._system_mask = 0
        self.problem_state = False
        self.key = 0
        self.dat = False
        self.space = AddressSpaceControl.PRIMARY
        self.load_psw(Psw(0, 0))

    @property
    def state(self) -> CpuState:
        """The state of the CPU; the CPU timer runs only in the operating state."""
        return self._state

    @state.setter
    def state(self, value: CpuState) -> None:
        timing = self.configuration.timing
        if value is CpuState.OPERATING and self.stopped_since is not None:
            self.cpu_timer_origin += timing.steady - self.stopped_since
            self.stopped_since = None
        elif value is not CpuState.OPERATING and self.stopped_since is None:
            self.stopped_since = timing.steady
        self._state = value

    # The PSW

    @property
    def psw(self) -> Psw:
        """The current PSW, put together."""
        registers = self.registers
        mask = self._system_mask | self._engine_psw[0] & _ENGINE_OWNS | registers.condition_code << 44
        return Psw(mask, self._engine_psw[1])

    def load_psw(self, new: Psw) -> None:
        """Make *new* the current PSW; it may be invalid, which the execution loop finds out."""
        old_key, used_access_registers = self.key, self._uses_access_registers
        old_limit = self.address_limit
        registers = self.registers
        self.take_system_mask(new.mask & _SYSTEM)
        engine = new.mask & _ENGINE_OWNS | psw_bits.PROBLEM_STATE
        if self._uses_access_registers:
            # Unicorn 2.1.4 ends the process at the first access in this mode; as in the primary-space mode it fetches
            # instructions, and asks for the operands, which then are found to be not modelled.
            engine |= psw_bits.DAT
        elif self.dat:
            engine |= new.mask & _TRANSLATION
        self._engine_psw[0] = engine
        registers.condition_code = (new.mask & psw_bits.CONDITION_CODE) >> 44
        self._engine_psw[1] = self.next_address = new.address
        self.psw_loaded = True
        self.psw_change_length = 0
        if (
            self.key != old_key
            or self._uses_access_registers != used_access_registers
            or self.address_limit != old_limit
        ):
            self.leave_context()

    def leave_context(self) -> None:
        """Use no translation made with another access key, addressing mode, or way to find the space of operands."""
        self.tlb.context_changed()

    def take_system_mask(self, mask: int) -> None:
        """Let *mask* be :attr:`system_mask`, and what follows from it.

        Nothing is said to the engine: it knows, or is told by :meth:`load_psw`.
        """
        self._system_mask = mask
        self.problem_state = bool(mask & psw_bits.PROBLEM_STATE)
        self.key = field_of(mask, 8, 11)
        self.dat = bool(mask & psw_bits.DAT)
        self.space = _SPACES[field_of(mask, 16, 17)]

    @property
    def operands_are_apart(self) -> bool:
        """Whether operands are not in the space that instructions come from (PoP 3, "Translation Modes")."""
        return psw_bits.are_operands_apart(self._system_mask)

    @property
    def _uses_access_registers(self) -> bool:
        """Whether the PSW specifies access-register mode and DAT."""
        return self.dat and self.space is AddressSpaceControl.ACCESS_REGISTER

    def change_system_mask(self, system_mask: int) -> None:
        """Replace PSW bits 0-7 in the middle of an instruction."""
        mask = self._system_mask & ~_BITS_0_TO_7 | system_mask << 56
        if (mask ^ self._system_mask) & ~_INTERRUPTION_MASKS:
            self.change_psw_mask(self.psw.mask & ~_BITS_0_TO_7 | system_mask << 56)
        else:
            # Nothing follows from these two but what the run loop looks at after each instruction.
            self._system_mask = mask

    def change_psw_mask(self, mask: int) -> None:
        """Replace the PSW mask (system mask, key, address-space control ...) in the middle of an instruction.

        The condition code, the program mask and the address stay what the instruction makes of them.
        """
        next_address, address = self.next_address, self._engine_psw[1]
        self.load_psw(Psw(mask, address))
        self.next_address = next_address
        self.psw_change_length = self.instruction_length

    def set_program_mask(self, mask: int) -> None:
        """Make the four bits *mask* PSW bits 20-23."""
        self._engine_psw[0] = self._engine_psw[0] & ~psw_bits.PROGRAM_MASK | mask << 40

    def set_addressing_mode(self, mode: int) -> None:
        """Make *mode* PSW bits 31 and 32; translations made in another mode are not used from now on."""
        old_limit = self.address_limit
        self._engine_psw[0] = self._engine_psw[0] & ~psw_bits.ADDRESSING_MODE | mode
        if self.address_limit != old_limit:
            self.tlb.context_changed()

    @property
    def has_early_exception(self) -> bool:
        """Whether the PSW gives an early specification exception (PoP 6, "Early Exception Recognition")."""
        mask, address = self._system_mask | self._engine_psw[0] & _ENGINE_OWNS, self._engine_psw[1]
        has_no_keys = Facility.STORAGE_KEY_REMOVAL in self.configuration.facilities
        return psw_bits.has_early_exception(mask, address) or bool(self.key and has_no_keys)

    @property
    def is_waiting(self) -> bool:
        return bool(self._system_mask & psw_bits.WAIT)

    @property
    def system_mask(self) -> int:
        """The PSW mask without addressing mode, condition code and program mask: cheap to look at."""
        return self._system_mask

    @property
    def is_recording(self) -> bool:
        """Whether PER is on, and an event is asked for."""
        return bool(self._system_mask & psw_bits.PER and self.cr[9] & CR9_EVENTS)

    @property
    def cc(self) -> int:
        """The condition code."""
        return self.registers.condition_code

    @cc.setter
    def cc(self, value: int) -> None:
        self.registers.condition_code = value

    @property
    def instruction_address(self) -> int:
        """PSW bits 64-127."""
        return self._engine_psw[1]

    @instruction_address.setter
    def instruction_address(self, value: int) -> None:
        self._engine_psw[1] = value

    def note_breaking_event(self) -> None:
        """Note that the current instruction breaks the sequence (PoP 4, "Breaking-Event-Address Recording").

        What is noted is its own address, or that of the EXECUTE whose target it is.
        """
        self.registers.breaking_event_address = self.instruction_address

    def branch(self, address: int) -> None:
        """Let the current instruction be a successful branch to *address*, also if that is the next instruction."""
        self.note_breaking_event()
        self.next_address = address

    # Addresses

    @property
    def address_limit(self) -> int:
        """The mask of the current addressing mode: 24, 31 or 64 one bits."""
        return psw_bits.address_limit(self._engine_psw[0])

    @property
    def is_64_bit(self) -> bool:
        """Whether the CPU is in the 64-bit addressing mode."""
        return bool(self._engine_psw[0] & psw_bits.EXTENDED_ADDRESSING)

    def wrap(self, address: int) -> int:
        """*address* as the current addressing mode cuts it."""
        return address & psw_bits.address_limit(self._engine_psw[0])

    def effective_address(self, base: int, displacement: int, index: int = 0) -> int:
        """The address of a storage operand (PoP 5, "Address Generation"); register 0 counts as zero."""
        address = displacement
        if base:
            address += self.gr[base]
        if index:
            address += self.gr[index]
        return address & psw_bits.address_limit(self._engine_psw[0])

    def relative_address(self, halfwords: int) -> int:
        """The address *halfwords* from the current instruction (PoP 5, "Relative-Immediate Operand Addresses")."""
        return (self.relative_base + 2 * halfwords) & psw_bits.address_limit(self._engine_psw[0])

    def address_in(self, register: int) -> int:
        """The address that general register *register* holds, register 0 included."""
        return self.gr[register] & psw_bits.address_limit(self._engine_psw[0])

    def real_to_absolute(self, address: int) -> AbsoluteAddress:
        """Apply this CPU's prefix to a real address."""
        return real_to_absolute(address, self.prefix)

    @property
    def translation_context(self) -> tuple[int, ...]:
        """What a translation depends on besides tables, keys, page states and prefix, and the PSW's mode bits."""
        cr = self.cr
        return cr[0] & CR0_TRANSLATION, cr[1], cr[7], cr[13], self.key, self._uses_access_registers

    # Registers

    def gr32(self, register: int) -> int:
        """Bits 32-63 of a general register."""
        return self.gr[register] & MASK_32

    def set_gr32(self, register: int, value: int) -> None:
        """Set bits 32-63 of a general register; bits 0-31 stay."""
        self.gr[register] = self.gr[register] & ~MASK_32 | value & MASK_32

    def length_in(self, register: int) -> int:
        """The operand length that a general register holds: 64 bits in the 64-bit addressing mode, else bits 32-63."""
        return self.gr[register] if self.is_64_bit else self.gr32(register)

    def set_address_register(self, register: int, address: int) -> None:
        """Put an address or a length in a general register; in the 24- and 31-bit modes bits 0-31 stay."""
        if self.is_64_bit:
            self.gr[register] = address
        else:
            self.set_gr32(register, address)

    def set_control_register(self, number: int, value: int) -> None:
        """Load a control register; translations that depend on another value of it are not used from now on."""
        before = self.cr[number]
        if before == value:
            return
        self.cr[number] = value
        if number == 0:
            self.registers.set_control_register_0(value)
        if number in (1, 7, 13) or (number == 0 and (before ^ value) & CR0_TRANSLATION):
            self.tlb.context_changed()
        elif number in REGISTERS:
            self.tlb.watch("PER", Controls(*self.cr[9:12]).watched)

    def set_prefix(self, prefix: int) -> None:
        """Load the prefix register and drop all translations."""
        self.prefix = prefix
        self.tlb.flush()

    # Restoring

    def load_control_registers(self, values: Sequence[int]) -> None:
        """Load all of them."""
        for number, value in enumerate(values):
            self.set_control_register(number, value)

    def restore_psw(self, psw: Psw) -> None:
        """Go on with *psw*, which was the current one between two instructions."""
        self.load_psw(psw)
        self.psw_loaded = False
