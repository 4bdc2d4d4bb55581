# SPDX-License-Identifier: GPL-2.0-or-later
"""One name for one thing: no two public classes of the project have the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("emu", "host", "guest_kernel", "tools")


def classes(source: str) -> list[str]:
    """The names of the public classes at the top of *source*."""
    return [
        node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def test_nested_and_private_classes_do_not_count() -> None:
    assert classes("class A:\n  class B: ...\nclass _C: ...\ndef d():\n  class E: ...") == ["A"]


def test_no_two_classes_have_the_same_name() -> None:
    places = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for name in classes(path.read_text(encoding="utf-8")):
                places[name].append(str(path.relative_to(ROOT)))
    assert len(places) > 300
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
