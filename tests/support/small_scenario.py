# SPDX-License-Identifier: GPL-2.0-or-later
"""A scenario of 2 MB."""

from __future__ import annotations

SMALL = """\
description = "a small one"
[machine]
pages = 512
[[file]]
name = "data"
pages = 300
[[step]]
do = "boot"
[[step]]
do = "read"
file = "data"
[[step]]
do = "table"
name = "the end"
[[step]]
do = "expect"
equal = { disk-reads = 301 }
"""
