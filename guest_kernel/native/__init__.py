# SPDX-License-Identifier: GPL-2.0-or-later
"""Bare-metal s390x programs of our own, and how they are built."""
