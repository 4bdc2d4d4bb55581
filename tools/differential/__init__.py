# SPDX-License-Identifier: GPL-2.0-or-later
"""The differential driver: random programs, each run in several ways that must come to the same state."""
