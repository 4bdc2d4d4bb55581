# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine on the full screen of a terminal."""
