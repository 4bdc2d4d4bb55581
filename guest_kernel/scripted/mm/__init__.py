# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory management, file by file as in Linux."""
