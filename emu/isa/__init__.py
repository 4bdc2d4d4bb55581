# SPDX-License-Identifier: GPL-2.0-or-later
"""The instruction set: formats, declarations, and one file of instruction functions per chapter of the manual."""
