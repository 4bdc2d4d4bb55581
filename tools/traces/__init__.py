# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa trace``: traces shown, compared, counted and handed on."""
