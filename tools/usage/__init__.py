# SPDX-License-Identifier: GPL-2.0-or-later
"""How the command is used wrongly, and what it writes."""
