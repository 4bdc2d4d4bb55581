# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops: what ends a run when it happens, and how it is noticed at full speed."""
