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


@pytest.mark.parametrize(("number", "name"), ((signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")))
@pytest.mark.parametrize("module", ("click", "tools.command.cli", "tools.command.parameters", "tools.usage.options"))
def test_ctrl_c_or_sigterm_while_a_module_is_loaded(module: str, number: int, name: str) -> None:
    command = [sys.executable, "-c", _PRESSED_WHILE_LOADING, module, str(int(number))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"essa: stopped by {name}\n")


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


def test_no_thread_is_started(tmp_path: Path) -> None:
    """Not by numpy's library either, which would for each processor."""
    program = write_program(tmp_path, ending_program(LOOP))
    code = "import os; from tools.command.start import main; main(); print(len(os.listdir('/proc/self/task')))"
    command = [sys.executable, "-c", code, "run", program, "--max-instructions", "1000"]
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "1"
