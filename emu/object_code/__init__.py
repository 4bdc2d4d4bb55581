# SPDX-License-Identifier: GPL-2.0-or-later
"""Object code made of the project's own functions: compiled once, kept in files, loaded and called."""
