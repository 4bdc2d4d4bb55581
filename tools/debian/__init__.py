# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel and a first file system for it."""
