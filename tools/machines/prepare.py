# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scripts do before anything else: compile what the engine executes compiled, and say how far that is."""

from __future__ import annotations

import sys

from emu.engine.library import EngineError
from tools.machines.setup import prepare_callbacks


def main() -> int:
    """Do it; give the exit status: 0, 2 if it cannot be done, 3 if it was stopped."""
    try:
        prepare_callbacks()
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 3
    except EngineError as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
