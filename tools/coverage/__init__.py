# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of the architecture a run has exercised."""
