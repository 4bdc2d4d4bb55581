# SPDX-License-Identifier: GPL-2.0-or-later
"""What this project knows of Unicorn 2.1.4 beyond its interface: each quirk in a file that says how it was seen."""
