# SPDX-License-Identifier: GPL-2.0-or-later
"""A flame graph: how many instructions were executed under which functions, as a picture or as folded stacks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

_WIDTH: Final = 1200
_ROW: Final = 17
_MARGIN: Final = 24
_LEAST: Final = 0.2
"""Pixels of a function that is still shown."""
_CHARACTER: Final = 6.6
"""Pixels of a character, about."""

Stacks = Mapping[tuple[str, ...], int]
"""Instructions by stack, from the outermost function on."""


@dataclass(slots=True)
class _Node:
    count: int = 0
    children: dict[str, _Node] = field(default_factory=dict)


def folded(stacks: Stacks) -> Iterator[str]:
    """A line for each stack: its functions, separated by semicolons, and how many instructions."""
    for stack, count in sorted(stacks.items()):
        yield f"{';'.join(name.replace(';', ':') for name in stack)} {count}"


def svg(stacks: Stacks, title: str) -> Iterator[str]:
    """The lines of a picture that needs nothing else; each function says what it is if one points at it."""
    root = _Node()
    for stack, count in sorted(stacks.items()):
        node = root
        node.count += count
        for name in stack:
            node = node.children.setdefault(name, _Node())
            node.count += count
    height = (_depth(root) + 1) * _ROW + 2 * _MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="monospace">'
    yield f'<rect width="{_WIDTH}" height="{height}" fill="white"/>'
    yield f'<text x="{_WIDTH // 2}" y="{_MARGIN - 8}" font-size="14" text-anchor="middle">{escape(title)}</text>'
    if root.count:
        yield from _boxes("all", root, 0.0, height - _MARGIN, _WIDTH / root.count, root.count)
    yield "</svg>"


def _depth(node: _Node) -> int:
    return 1 + max(map(_depth, node.children.values()), default=0)


def _boxes(name: str, node: _Node, left: float, bottom: float, scale: float, total: int) -> Iterator[str]:
    width = node.count * scale
    if width < _LEAST:
        return
    share = 100 * node.count / total
    label = escape(f"{name}: {node.count:,} instructions, {share:.2f} %")
    top = bottom - _ROW
    room = int(width / _CHARACTER) - 1
    yield f"<g><title>{label}</title>"
    yield (
        f'<rect x="{left:.2f}" y="{top:.0f}" width="{width:.2f}" height="{_ROW - 1}" fill="{_colour(name)}" rx="1"/>'
    )
    if room > 2:
        shown = name if len(name) <= room else f"{name[: room - 1]}…"
        yield f'<text x="{left + 3:.2f}" y="{bottom - 5:.0f}" font-size="11">{escape(shown)}</text>'
    yield "</g>"
    for each, child in sorted(node.children.items()):
        yield from _boxes(each, child, left, top, scale, total)
        left += child.count * scale


def _colour(name: str) -> str:
    """A warm colour, the same for a name wherever it is; of an interruption a cold one."""
    number = zlib.crc32(name.encode())
    if name.startswith("[") and " 0x" in name:
        return f"rgb({90 + number % 60},{150 + number // 60 % 60},230)"
    return f"rgb({205 + number % 50},{90 + number // 50 % 120},{number // 6000 % 60})"
