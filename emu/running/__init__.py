# SPDX-License-Identifier: GPL-2.0-or-later
"""Letting a configuration run: whose turn it is, which interruption comes next, and why the run ends."""
