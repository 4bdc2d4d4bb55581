# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest page hinting proper: when a page is volatile, and how it becomes that and stable again."""
