# SPDX-License-Identifier: GPL-2.0-or-later
"""Special messages to the guest (drivers/s390/net/smsg.c, as it was with the Virtual Machine Communication Facility).

CP's command SMSG ends in an external interruption 0x4001, for which a buffer that the kernel has named by DIAGNOSE
0x068 holds a header and the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.control_registers import CR0_VMCF
from emu.identification import EBCDIC
from emu.interruption import EXTERNAL_VMCF
from guest_kernel.scripted.balloon.extint import register_external_interrupt
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Communicate, Load, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel

    Callback = Callable[[Kernel, str, str], None]

_BUFFER: Final = 0x400
"""Where in the prefix area the external-interruption buffer lies, and behind it VMCPARM."""
_PARAMETERS: Final = (0x2000_0000 << 32, 0)
"""The first doublewords of VMCPARM: special messages are wanted, subfunction AUTHORIZE."""
_HEADER_LENGTH: Final = 40
_LENGTH_AT: Final = 16
"""The offset in the header of a doubleword, the right half of which is the length of the text."""
_SENDER_AT: Final = 32
_BUFFER_LENGTH: Final = 176
"""Header and the longest text, in whole doublewords."""


def smsg_init(kernel: Kernel, callbacks: Mapping[str, Callback]) -> Script[bool]:
    """Take special messages from now on, on this CPU; False if this machine has none.

    :param callbacks: called with the sender and the text of a message, by its first word.
    """
    parameters = _BUFFER + _BUFFER_LENGTH
    for number, value in enumerate((*_PARAMETERS, _BUFFER << 32 | _BUFFER_LENGTH, 0, 0)):
        yield Store(parameters + 8 * number, value)
    return_code = yield Communicate(parameters)
    if return_code:
        return False
    yield from register_external_interrupt(
        kernel, EXTERNAL_VMCF, CR0_VMCF, lambda kernel: smsg_message_pending(kernel, callbacks)
    )
    return True


def smsg_message_pending(kernel: Kernel, callbacks: Mapping[str, Callback]) -> Script[None]:
    """Call what is registered for the first word of the text in the buffer; other messages are ignored."""
    length = (yield Load(_BUFFER + _LENGTH_AT)) & 0xFFFF_FFFF
    if length > _BUFFER_LENGTH - _HEADER_LENGTH:
        raise KernelBug(f"a special message of {length} bytes")
    sender = yield from _fetch(_BUFFER + _SENDER_AT, 8)
    text = yield from _fetch(_BUFFER + _HEADER_LENGTH, length)
    callback = callbacks.get(text.split(" ", 1)[0])
    if callback is not None:
        callback(kernel, sender.rstrip(), text)


def _fetch(address: int, length: int) -> Script[str]:
    """The EBCDIC text in the *length* bytes at *address*, which is on a doubleword boundary."""
    data = b""
    while len(data) < length:
        doubleword = yield Load(address + len(data))
        data += doubleword.to_bytes(8, "big")
    return data[:length].decode(EBCDIC)
