# SPDX-License-Identifier: GPL-2.0-or-later
"""Random streams of instructions, here and on another machine: what comes of them must be the same."""
