# SPDX-License-Identifier: GPL-2.0-or-later
"""How a structure that Python and compiled code share declares its fields: as annotations, each with who writes it."""

from __future__ import annotations

import ctypes
from enum import Enum
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

Word: TypeAlias = Annotated[int, ctypes.c_uint64]


class FieldWriter(Enum):
    """Who writes a field."""

    SETUP = "Python, once, when the engine is made"
    PYTHON = "Python, while no callback runs"
    CALLBACK = "the callbacks"
    BOTH = "Python between two runs, the callbacks while Unicorn runs"


def declare_fields(structure: type[ctypes.Structure]) -> dict[str, FieldWriter]:
    """Give *structure* the fields that its annotations name, and tell who writes each."""
    fields: list[tuple[str, Any]] = []
    writers: dict[str, FieldWriter] = {}
    for name, hint in get_type_hints(structure, include_extras=True).items():
        if name.startswith("_"):
            continue
        kind, *more = get_args(hint)
        sizes = [detail for detail in more if isinstance(detail, int)]
        fields.append((name, get_args(kind)[0] * sizes[0] if sizes else more[0]))
        writers.update((name, detail) for detail in more if isinstance(detail, FieldWriter))
    structure._fields_ = fields
    return writers
