# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking at a machine without touching it: nothing here changes a state, a key, a buffer or what the host knows."""
