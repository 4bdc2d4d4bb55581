# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios: what they say, and how they are carried out."""
