# SPDX-License-Identifier: GPL-2.0-or-later
"""Test scripts of SDL Hyperion (``*.tst``)."""
