# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts that come from elsewhere, such as names of files, made fit for lines and for documents."""

from __future__ import annotations

import re
from typing import Final

_NOT_IN_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """*text* in one line, in which everything can be seen and encoded: what cannot be is escaped as in Python."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def name_of_file(name: str) -> str:
    """The name of the entry that the file *name* is; no two files have the same."""
    return printable(name.replace("\\", "\\\\"))


def xml_text(text: str) -> str:
    """*text* without the characters that XML cannot have."""
    return _NOT_IN_XML.sub("\ufffd", text)
