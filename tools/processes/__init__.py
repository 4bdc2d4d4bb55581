# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C, and work in processes of its own."""
