# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C while the command is being loaded, and all the way to the machine: one line, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ESSA, ROOT, write_program
from tests.support.elf import LOOP, ending_program

_PRESSED_WHILE_LOADING = """
import os, sys

module, number = sys.argv[1], int(sys.argv[2])

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), number)

from tools.command import start
sys.meta_path.insert(0, Press())
sys.argv[2:] = []
sys.exit(start.main())
"""

_PRESSED_IN_A_FINALIZER = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == "tools.reports.verdict":
            Finalized()

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

from tools.command import start
sys.meta_path.insert(0, Press())
sys.exit(start.main())
"""

_THREADS_LEFT = """
import os, time
from tools.command.start import main

main()
end = time.monotonic() + 10
# Linux shows a thread for a moment after it has been joined.
while (number := len(os.listdir("/proc/self/task"))) > 1 and time.monotonic() < end:
    time.sleep(0.01)
print(number)
"""


@pytest.mark.parametrize(("number", "name"), ((signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")))
@pytest.mark.parametrize("module", ("click", "tools.command.cli", "tools.command.parameters", "tools.usage.options"))
def test_ctrl_c_or_sigterm_while_a_module_is_loaded(module: str, number: int, name: str) -> None:
    command = [sys.executable, "-c", _PRESSED_WHILE_LOADING, module, str(int(number))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"essa: stopped by {name}\n")


def test_ctrl_c_in_a_finalizer_while_a_module_is_loaded(tmp_path: Path) -> None:
    """Python ignores the exception that it makes there."""
    program = write_program(tmp_path, ending_program(LOOP))
    command = [sys.executable, "-c", _PRESSED_IN_A_FINALIZER, "run", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "stopped by Ctrl-C" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("tenths", (1, 2, 3, 4, 6, 8))
def test_ctrl_c_in_the_first_second(tmp_path: Path, tenths: int) -> None:
    """Whatever is going on then; the interpreter itself has begun by the time that it says so."""
    program = write_program(tmp_path, ending_program(LOOP))
    code = "import sys; print(flush=True); from tools.command.start import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "run", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(tenths / 10)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert "Traceback" not in error
    assert error.splitlines()[-1].startswith("essa: ")
    assert "stopped by Ctrl-C" in error
    assert process.returncode == 3


def test_the_command_begins_there() -> None:
    done = subprocess.run([*ESSA, "--version"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("essa ")


def test_no_thread_is_left(tmp_path: Path) -> None:
    """Numpy's library would start one for each processor, and keep it."""
    program = write_program(tmp_path, ending_program(LOOP))
    command = [sys.executable, "-c", _THREADS_LEFT, "run", program, "--max-instructions", "1000"]
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "1"
