# SPDX-License-Identifier: GPL-2.0-or-later
"""Where ``essa`` begins: before anything else is loaded, Ctrl-C and SIGTERM get an answer of one line.

Loading the command takes most of the first half second, and in the middle of it an exception has nobody to catch it.
"""

import gc
import os
import signal
import sys
from types import FrameType

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
_STATUS = 3


def main() -> int:
    """Load the command, run it, and give its exit status."""
    for number in _NAMES:
        signal.signal(number, _leave)
    # No matrices are multiplied here: numpy need not start threads for that, which takes a tenth of the start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from tools.command import cli
    from tools.processes import interrupt

    sys.unraisablehook = interrupt.hide_interrupt
    signal.signal(signal.SIGINT, interrupt.raise_interrupt)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    status = cli.main()
    # Nothing is left that could be stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is left in circles ends with the process: to look for it would take a second after a large scenario.
    gc.freeze()
    return status


def _leave(number: int, _: FrameType | None) -> None:
    """End the process at once: nothing has been begun."""
    message = f"essa: stopped by {_NAMES[signal.Signals(number)]}\n".encode()
    os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, message)
    os._exit(_STATUS)


if __name__ == "__main__":
    sys.exit(main())
