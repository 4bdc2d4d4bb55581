# SPDX-License-Identifier: GPL-2.0-or-later
"""The balloon, with the special messages and the external interruptions by which it is asked for pages."""
