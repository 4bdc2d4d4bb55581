# SPDX-License-Identifier: GPL-2.0-or-later
"""Bare-metal programs that say by their end whether they passed."""
