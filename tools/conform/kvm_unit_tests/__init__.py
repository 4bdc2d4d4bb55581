# SPDX-License-Identifier: GPL-2.0-or-later
"""kvm-unit-tests, run as a suite."""
