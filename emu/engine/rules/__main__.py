# SPDX-License-Identifier: GPL-2.0-or-later
"""``python -m emu.engine.rules``: which declared instructions are compiled, and why the others are not.

With a mnemonic it writes the source that comes of that instruction.
"""

from __future__ import annotations

import sys

from emu.engine.rules.instructions import report, translate
from emu.engine.rules.values import OutsideSubsetError
from emu.isa.declaration import INSTRUCTIONS


def main(arguments: list[str]) -> int:
    """Carry out the command, and give its exit status."""
    if not arguments:
        sys.stdout.write(f"{report()}\n")
        return 0
    try:
        declared = INSTRUCTIONS.by_mnemonic(arguments[0])
        sys.stdout.write(translate(declared))
    except KeyError:
        sys.stderr.write(f"{arguments[0]!r} is not declared: expected the mnemonic of an instruction\n")
        return 2
    except OutsideSubsetError as reason:
        sys.stderr.write(f"{arguments[0]} is not compiled: {reason}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
