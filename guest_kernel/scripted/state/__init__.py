# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel keeps: its structures, its devices, and the history of its pages."""
