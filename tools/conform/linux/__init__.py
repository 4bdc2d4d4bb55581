# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux programs, run by Debian's kernel inside a guest."""
