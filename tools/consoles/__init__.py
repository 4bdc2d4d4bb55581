# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's console, and who types on it."""
