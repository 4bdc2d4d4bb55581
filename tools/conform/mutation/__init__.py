# SPDX-License-Identifier: GPL-2.0-or-later
"""How good the suite is: rules of the machine are broken one at a time, and it has to notice."""
