# SPDX-License-Identifier: GPL-2.0-or-later
"""One rule, two ways of executing it: the model's own functions, translated into what numba compiles."""
