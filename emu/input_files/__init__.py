# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and texts that people write, read so that a message can say where and what was expected.

A leaf: it imports nothing of the project, so that host, guest kernel and tools can all stand on it.
"""
