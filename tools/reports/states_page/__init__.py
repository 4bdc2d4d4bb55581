# SPDX-License-Identifier: GPL-2.0-or-later
"""Page states over time as one HTML page that stands alone: areas by state, and the map of all pages."""
