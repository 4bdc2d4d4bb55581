# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with a file that is to be run."""

from __future__ import annotations


class ProgramError(ValueError):
    """A file is not a program that this machine can run; the message is one line for the user."""


class CommandLineError(ProgramError):
    """The command line is not one that the program can take."""
