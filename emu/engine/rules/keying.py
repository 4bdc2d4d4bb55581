# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of compiled objects, each a hash of all that the object is made of.

That is what the translator has made of the model, and the files of what is compiled as it stands, with all of the
project that they import: a constant in any of them may have been compiled in.  To find them takes a second, so what was
found is kept with the time and size of every file that it may depend on, and looked for again when one of them differs.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from emu.whole_file import replacing

_KEY_LENGTH: Final = 16


def import_closure(root: Path, modules: Iterable[str], without: Collection[str] = ()) -> list[Path]:
    """The files below *root* that *modules* are made of, in the order of their names.

    What is imported for type checking only is not executed, and no part of it.

    :param without: modules that are no part of it either, nor what only they import.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found or module in without:
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


def content_key(root: Path, files: Iterable[Path], more: Iterable[bytes]) -> str:
    """The hash of the names and contents of *files*, and of *more*."""
    found = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        found.update(f"{file.relative_to(root)} {len(content)}\n".encode())
        found.update(content)
    for each in more:
        found.update(f"{len(each)}\n".encode())
        found.update(each)
    return found.hexdigest()[:_KEY_LENGTH]


def keys(
    root: Path, modules: tuple[str, ...], where: str, find: Callable[[], dict[str, str]], notes: Iterable[Path]
) -> dict[str, str]:
    """The keys of what is compiled of *modules*, whose packages are below *root*, by name.

    :param where: on what kind of machine, and by what, it is compiled.
    :param find: finds the keys, from nothing but *where* and what *modules* import.
    :param notes: files, the best first, where what was found may be kept.
    """
    places = list(notes)
    for place in places:
        noted = _noted(root, modules, where, place)
        if noted is not None:
            return noted
    stamps = {str(file.relative_to(root)): _stamp(file) for file in import_closure(root, modules)}
    found = find()
    _note(places, {"modules": list(modules), "where": where, "files": stamps, "keys": found})
    return found


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_mtime_ns, status.st_size]


def _noted(root: Path, modules: tuple[str, ...], where: str, place: Path) -> dict[str, str] | None:
    """The keys in the note at *place*, if that is there and still good."""
    try:
        note: dict[str, Any] = json.loads(place.read_bytes())
        if note["modules"] != list(modules) or note["where"] != where:
            return None
        prefix = f"{root}{os.sep}"
        for name, (time, size) in note["files"].items():
            status = os.stat(prefix + name)  # noqa: PTH116 - a hundred paths are not made for nothing
            if (status.st_mtime_ns, status.st_size) != (time, size):
                return None
        return {str(name): str(found) for name, found in note["keys"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _note(places: Iterable[Path], note: dict[str, Any]) -> None:
    """Keep *note* at the first of *places* that can be written; nothing is lost if there is none."""
    for place in places:
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as new:
                new.write_text(json.dumps(note), encoding="utf-8")
            return
