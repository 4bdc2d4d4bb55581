# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that run on the machine: the native ones, and the scripted guest kernel."""
