# SPDX-License-Identifier: GPL-2.0-or-later
"""The suite of the architecture: cases that say a rule, made into bare-metal images that check themselves."""
