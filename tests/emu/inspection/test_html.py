# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables in HTML: whatever is in a cell, it is text there."""

from __future__ import annotations

from emu.inspection.html import table


def test_cells_are_text() -> None:
    assert table(("a<b",), [(1,), ("<i>",)], caption="x & y") == (
        "<table><caption>x &amp; y</caption><thead><tr><th>a&lt;b</th></tr></thead>"
        "<tbody><tr><td><code>1</code></td></tr><tr><td><code>&lt;i&gt;</code></td></tr></tbody></table>"
    )
