# SPDX-License-Identifier: GPL-2.0-or-later
"""``python -m emu.coverage``: execute every opcode, and count by facility what is there and what is missing.

Exit status 1 if something is an operation exception that must not be, or the other way round.
"""

from __future__ import annotations

import sys

from emu.coverage.report import Treatment, findings, report


def main() -> int:
    """Carry out the command, and give its exit status."""
    found = findings()
    sys.stdout.write(f"{report(found)}\n")
    return int(any(each.treatment is Treatment.WRONG for each in found))


if __name__ == "__main__":
    sys.exit(main())
