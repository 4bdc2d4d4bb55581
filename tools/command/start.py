# SPDX-License-Identifier: GPL-2.0-or-later
"""Where ``essa`` begins: before anything else is loaded, Ctrl-C gets an answer of one line.

Loading the command takes most of the first half second, and in the middle of it an exception has nobody to catch it.
"""

import os
import signal
import sys
from types import FrameType

_MESSAGE = b"essa: stopped by Ctrl-C\n"
_STATUS = 3


def main() -> int:
    """Load the command, run it, and give its exit status."""
    signal.signal(signal.SIGINT, _leave)
    # No matrices are multiplied here: numpy need not start threads for that, which takes a tenth of the start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from tools.command import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = cli.main()
    # Nothing is left that could be stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return status


def _leave(_: int, __: FrameType | None) -> None:
    """End the process at once: nothing has been begun."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, _MESSAGE)
    os._exit(_STATUS)


if __name__ == "__main__":
    sys.exit(main())
