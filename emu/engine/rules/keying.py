# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of compiled objects: a hash of every file that what is compiled may depend on.

These are the modules that are compiled and all of the project that they import, directly or not: a constant in any of
them may have been compiled in, and a function of the model in any of them translated.  To find them takes a third of a
second, so what was found is kept with the time and size of each file, and looked for again when one of them differs.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

_KEY_LENGTH: Final = 16


def import_closure(root: Path, modules: Iterable[str]) -> list[Path]:
    """The files below *root* that *modules* are made of, in the order of their names.

    What is imported for type checking only is not executed, and no part of it.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        file = _file_of(root, module)
        if file is None:
            continue
        found[module] = file
        package, _, _ = module.rpartition(".")
        if package:
            waiting.append(package)
        waiting += _imports(ast.parse(file.read_bytes()).body)
    return sorted(set(found.values()))


def _file_of(root: Path, module: str) -> Path | None:
    """The file of *module*; None if it is not one of the project, or no module but a name in one."""
    place = root.joinpath(*module.split("."))
    for file in (place / "__init__.py", place.with_suffix(".py")):
        if file.is_file():
            return file
    return None


def _imports(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that the statements of *body* may import, wherever they stand."""
    for statement in body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
            yield from _imports(statement.orelse)
        elif isinstance(statement, ast.Import):
            yield from (each.name for each in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            if statement.module:
                yield statement.module
                yield from (f"{statement.module}.{each.name}" for each in statement.names)
        else:
            for name in ("body", "orelse", "finalbody", "handlers"):
                yield from _imports(getattr(statement, name, ()))


def content_key(root: Path, files: Iterable[Path], more: str) -> str:
    """The hash of the names and contents of *files*, and of *more*."""
    found = hashlib.sha256(more.encode())
    for file in files:
        content = file.read_bytes()
        found.update(f"{file.relative_to(root)} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()[:_KEY_LENGTH]


def key(root: Path, modules: tuple[str, ...], more: str, notes: Iterable[Path]) -> str:
    """The key of what is compiled of *modules*, whose packages are below *root*.

    :param more: what else it depends on.
    :param notes: files, the best first, where what was found may be kept.
    """
    places = list(notes)
    for place in places:
        noted = _noted(root, modules, more, place)
        if noted is not None:
            return noted
    files = import_closure(root, modules)
    stamps = {str(file.relative_to(root)): _stamp(file) for file in files}
    found = content_key(root, files, more)
    _note(places, {"modules": list(modules), "more": more, "files": stamps, "key": found})
    return found


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_mtime_ns, status.st_size]


def _noted(root: Path, modules: tuple[str, ...], more: str, place: Path) -> str | None:
    """The key in the note at *place*, if that is there and still good."""
    try:
        note: dict[str, Any] = json.loads(place.read_bytes())
        if note["modules"] != list(modules) or note["more"] != more:
            return None
        prefix = f"{root}{os.sep}"
        for name, (time, size) in note["files"].items():
            status = os.stat(prefix + name)  # noqa: PTH116 - a hundred paths are not made for nothing
            if (status.st_mtime_ns, status.st_size) != (time, size):
                return None
        return str(note["key"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _note(places: Iterable[Path], note: dict[str, Any]) -> None:
    """Keep *note* at the first of *places* that can be written; nothing is lost if there is none."""
    for place in places:
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as file:
                json.dump(note, file)
            Path(file.name).replace(place)
            return
