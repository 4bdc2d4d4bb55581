# SPDX-License-Identifier: GPL-2.0-or-later
"""Hexadecimal floating point (PoP chapter 18).

``data`` has the formats, ``arithmetic`` the exact operations on numbers, ``results`` what becomes of them under the
program mask, ``operands`` where they come from and go to.  The other files have the instructions.
"""
