# SPDX-License-Identifier: GPL-2.0-or-later
"""What processes do: loads, stores, system calls, and the interruptions that come of them."""
