# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under a debugger: going on, going back, looking and changing."""
