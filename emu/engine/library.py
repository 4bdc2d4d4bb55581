# SPDX-License-Identifier: GPL-2.0-or-later
"""The Unicorn library through ctypes, without the Python binding's wrappers on the hot paths.

The binding costs a microsecond or more a call; the calls that matter here are made hundreds of thousands of times.
Only what the engine needs is declared.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum
from typing import Any, Final

import unicorn
from unicorn import unicorn_const as uc_const

# The binding keeps its loaded library here; there is no public name for it.
from unicorn.unicorn_py3.unicorn import uclib as _library


class EngineError(Exception):
    """Unicorn is not as this project knows it, or it refused something it must not refuse."""


class TlbEntry(ctypes.Structure):
    """What a TLB-fill callback answers."""

    _fields_ = (("address", ctypes.c_uint64), ("permissions", ctypes.c_uint32))


class FillAccess(IntEnum):
    """Why Unicorn asks for a translation."""

    READ = 16
    WRITE = 17
    FETCH = 18


READABLE: Final = uc_const.UC_PROT_READ
WRITABLE: Final = uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE
EXECUTABLE: Final = uc_const.UC_PROT_EXEC
"""What an answer permits."""
_PROBE_ADDRESS: Final = 0x7FFF_F000

TlbFillCallback: Final = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int, ctypes.POINTER(TlbEntry), ctypes.c_void_p
)
InterruptCallback: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)

FetchCallback: Final = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
)
DeviceFetchCallback: Final = ctypes.CFUNCTYPE(
    ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_void_p
)
DeviceStoreCallback: Final = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_uint64, ctypes.c_void_p
)

_binding: Any = unicorn
"""The binding, which is only partly annotated."""
_emu_start = _library.uc_emu_start
_emu_stop = _library.uc_emu_stop
_map_device = _library.uc_mmio_map
_hook_delete = _library.uc_hook_del
_hook_add = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_size_t),
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_uint64,
    ctypes.c_uint64,
)(ctypes.cast(_library.uc_hook_add, ctypes.c_void_p).value or 0)


def exported(name: str, result: Any, *arguments: Any) -> Any:
    """The function of the library that it exports as *name*, which has these types.

    :raises EngineError: if there is none.
    """
    return ctypes.CFUNCTYPE(result, *arguments)(exported_address(name))


def exported_address(name: str) -> int:
    """Where the function lies that the library exports as *name*.

    :raises EngineError: if there is none.
    """
    try:
        found = getattr(_library, name)
    except AttributeError:
        raise EngineError(f"Unicorn does not export {name}; this project needs Unicorn 2.1.4") from None
    return ctypes.cast(found, ctypes.c_void_p).value or 0


STOP_FUNCTION: Final = ctypes.cast(_emu_stop, ctypes.c_void_p).value or 0
"""The address of uc_emu_stop, for compiled callbacks."""
CONTROL_FUNCTION: Final = ctypes.cast(_library.uc_ctl, ctypes.c_void_p).value or 0
"""The address of uc_ctl."""
FLUSH_TLB: Final[int] = uc_const.UC_CTL_TLB_FLUSH | uc_const.UC_CTL_IO_WRITE << 30
"""What it is asked for to forget all translations of addresses: UC_CTL_WRITE with no argument."""
PROGRAM_INTERRUPTION_FUNCTION: Final = "tcg_s390_program_interrupt_s390x"
"""What Unicorn calls the function that leaves translated code with a program interruption."""
ERROR_EXCEPTION: Final = uc_const.UC_ERR_EXCEPTION


class Unicorn:
    """One Unicorn instance for s390x with its TLB in virtual mode."""

    def __init__(self) -> None:
        self.uc: Any = _binding.Uc(uc_const.UC_ARCH_S390X, uc_const.UC_MODE_BIG_ENDIAN)
        # With exits enabled and none set, Unicorn does not fetch the "until" address when it stops.
        self.uc.ctl_exits_enabled(True)
        self.uc.ctl_set_tlb_mode(uc_const.UC_TLB_VIRTUAL)
        self.handle: Any = self.uc._uch  # noqa: SLF001 - the binding has no public accessor
        self._keep: list[Any] = []
        self.probed: int | None = None
        """While :meth:`drop_code` runs: the place that the TLB-fill callback must answer with."""
        self.is_unhooking = False

    @property
    def address(self) -> int:
        """The address of Unicorn's own structure."""
        value = self.handle.value
        assert value is not None
        return int(value)

    def hook(self, kind: int, callback: Any, data: int = 0, *, first: int = 1, last: int = 0) -> int:
        """Register *callback* (a ctypes function or an address) for the addresses *first* to *last*, or for all.

        Give what :meth:`unhook` takes.
        """
        handle = ctypes.c_size_t()
        pointer = callback if isinstance(callback, int) else ctypes.cast(callback, ctypes.c_void_p).value
        error = _hook_add(self.handle, ctypes.byref(handle), kind, pointer, data, first, last)
        if error:
            raise EngineError(f"Unicorn refused a hook of type {kind}: error {error}")
        self._keep.append(callback)
        return handle.value

    def keep(self, needed: Any) -> None:
        """Keep what the instance needs as long as it is there."""
        self._keep.append(needed)

    def unhook(self, hook: int) -> None:
        """Have the callback called no more that :meth:`hook` has registered; all code must be dropped afterwards.

        Unicorn drops some of it itself, for which it asks the TLB-fill callback where the guest's code lies: while
        :attr:`is_unhooking` this must refuse to say.
        """
        self.is_unhooking = True
        _hook_delete(self.handle, ctypes.c_size_t(hook))
        self.is_unhooking = False

    def drop_all_code(self) -> None:
        """Drop everything that was translated, and all translations of addresses."""
        self.uc.ctl_flush_tb()
        self.flush_tlb()

    def map(self, address: int, size: int, permissions: int, host_address: int) -> None:
        """Show *size* bytes of this process at the engine's physical *address*."""
        self.uc.mem_map_ptr(address, size, permissions, host_address)

    def map_device(self, address: int, size: int, fetch: int, store: int, data: int) -> None:
        """Have *size* bytes at the engine's physical *address* fetched and stored by the functions at these addresses.

        Each is given something, the place in that area, the number of bytes, the value to be stored, and *data*.
        """
        area = ctypes.c_uint64(address), ctypes.c_size_t(size)
        functions, given = (ctypes.c_void_p(fetch), ctypes.c_void_p(store)), ctypes.c_void_p(data)
        error = _map_device(self.handle, *area, functions[0], given, functions[1], given)
        if error:
            raise EngineError(f"Unicorn refused storage of a device: error {error}")

    def drop_code(self, place: int, length: int) -> None:
        """Drop what was translated from *length* bytes at engine-physical *place*, and all translations of addresses.

        Unicorn takes a virtual address for this and asks the TLB-fill callback where it lies, which must then answer
        with :attr:`probed`.  (Writing through uc_mem_write does not drop anything in 2.1.4.)
        """
        self.flush_tlb()
        self.probed = place
        self.uc.ctl_remove_cache(_PROBE_ADDRESS | place & 0xFFF, (_PROBE_ADDRESS | place & 0xFFF) + length)
        self.probed = None
        self.flush_tlb()

    def start(self, address: int, count: int = 0) -> int:
        """Run from *address*, for *count* instructions if that is not zero; give Unicorn's error number."""
        return int(_emu_start(self.handle, address, 0, 0, count))

    def stop(self) -> None:
        """Ask the running engine to stop; only from a callback."""
        _emu_stop(self.handle)

    def flush_tlb(self) -> None:
        """Forget all translations of addresses."""
        self.uc.ctl(uc_const.UC_CTL_TLB_FLUSH, uc_const.UC_CTL_IO_WRITE)
