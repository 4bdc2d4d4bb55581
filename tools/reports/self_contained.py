# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages for a browser that need nothing but themselves: a frame, a style, programs, and the data.

The parts are the files ``frame.html`` and ``style.css`` of a package, and its programs ``*.js``; in the frame, the name
of a part stands between two marks ``@@``.  The same data give the same page, byte for byte.
"""

from __future__ import annotations

import json
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def self_contained_page(package: str, title: str, data: object, programs: Sequence[str]) -> str:
    """The page that the parts in *package* make.

    :param data: for the programs, as JSON, in the element of which the frame makes it a part.
    :param programs: the names of their files, in the order in which they need each other.
    """

    def part(name: str) -> str:
        return resources.files(package).joinpath(name).read_text(encoding="utf-8")

    # A "</script>" in a text would end the data.
    text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    parts = {
        "TITLE": escape(title),
        "STYLE": part("style.css"),
        "DATA": text,
        "PROGRAMS": "\n".join(map(part, programs)),
    }
    before, *rest = part("frame.html").split("@@")
    # Between two marks stands the name of a part.
    filled = [parts[piece] if index % 2 == 0 else piece for index, piece in enumerate(rest)]
    return "".join([before, *filled])
