# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps that scenarios are made of."""
