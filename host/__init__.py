# SPDX-License-Identifier: GPL-2.0-or-later
"""The host that pages its guests: frames, LRU, discard and the paging device."""
