# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown of a run: its trace, its end, its summary, its picture."""
