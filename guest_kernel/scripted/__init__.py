# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest kernel whose bookkeeping is Python and whose every effect on the machine is an instruction."""
