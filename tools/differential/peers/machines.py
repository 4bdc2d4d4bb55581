# SPDX-License-Identifier: GPL-2.0-or-later
"""Which other machines there are, by the names of their programs."""

from __future__ import annotations

import shutil
from pathlib import PurePath
from typing import TYPE_CHECKING

from tools.differential.peers.hercules import Hercules
from tools.differential.peers.peer import PeerError
from tools.differential.peers.qemu_system import QemuSystem
from tools.differential.peers.qemu_user import QemuUser

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.differential.peers.peer import Peer

PEERS: dict[str, Callable[[str], Peer]] = {
    "qemu-system-s390x": QemuSystem,
    "qemu-s390x": QemuUser,
    "hercules": Hercules,
}
"""What starts each."""


def start_peer(program: str) -> Peer:
    """The machine that *program* is.

    :param program: a name of :data:`PEERS`, or a path that ends in one.
    :raises PeerError: if it is none of them, is not installed, or does not start.
    """
    make = PEERS.get(PurePath(program).name)
    if make is None:
        raise PeerError(f"expected {' or '.join(PEERS)}, not {program!r}")
    if shutil.which(program) is None:
        raise PeerError(f"{program} is not installed")
    return make(program)
