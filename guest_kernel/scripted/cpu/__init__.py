# SPDX-License-Identifier: GPL-2.0-or-later
"""A CPU in the hands of the kernel: scripts, the instructions that they execute, who goes on."""
