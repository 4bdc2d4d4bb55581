# SPDX-License-Identifier: GPL-2.0-or-later
"""The same run with hints, without, and with the balloon."""
