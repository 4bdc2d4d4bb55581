# SPDX-License-Identifier: GPL-2.0-or-later
"""The architecture: an emulator of z/Architecture in which page hinting (ESSA) is real."""
