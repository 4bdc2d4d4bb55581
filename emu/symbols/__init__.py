# SPDX-License-Identifier: GPL-2.0-or-later
"""Names for addresses: symbols, source lines and back traces."""
