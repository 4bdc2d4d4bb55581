# SPDX-License-Identifier: GPL-2.0-or-later
"""What must come out of a scenario, and what was found."""
