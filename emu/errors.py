# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with a file that is to be run, or tells about one."""

from __future__ import annotations


class ProgramError(ValueError):
    """A file is not a program that this machine can run; the message is one line for the user."""


class CommandLineError(ProgramError):
    """The command line is not one that the program can take."""


class SymbolFileError(ProgramError):
    """A file is no table of symbols; the message is one line that names the file, and the line if it has lines."""


class TraceError(ProgramError):
    """A file is no trace, or not as it was written, or cannot be read or written; the message names the file."""
