# SPDX-License-Identifier: GPL-2.0-or-later
"""One mutant, in a process of its own: ``python -m tools.conform.mutation.one MODULE SOURCE IMAGES [NAME...]``.

The module is loaded from *SOURCE* instead of its own file.  The cases whose images are in *IMAGES* are run step by
step, those of them that are named first, until one is not passed, whose name is printed.  Compiled code is not broken,
so that what is executed step by step is what tells.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads one module from another source."""

    def __init__(self, module: str, source: Path) -> None:
        self._module = module
        self._source = source

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if name != self._module:
            return None
        return importlib.util.spec_from_file_location(name, self._source, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        """See :class:`importlib.abc.Loader`."""
        exec(compile(self._source.read_text(encoding="utf-8"), str(self._source), "exec"), module.__dict__)


def main() -> int:
    """Run the cases; the exit status is 1 if one was not passed, and 0 if the mutant was not noticed."""
    module, source, images, *first = sys.argv[1:]
    sys.meta_path.insert(0, _Broken(module, Path(source)))
    name = "import"
    try:
        from tools.conform.architecture.harness import CaseVerdict
        from tools.conform.architecture.here import run_here

        cases = pickle.loads(Path(images).read_bytes())
        known = [each for each in first if each in cases]
        for name in [*known, *(each for each in cases if each not in known)]:
            image, verdict = cases[name]
            if run_here(image, stepped=True, profile=image.case.profile).verdict is not CaseVerdict(verdict):
                print(name)
                return 1
    except Exception as reason:  # noqa: BLE001 - whatever a broken rule leads to
        print(f"{name} ({type(reason).__name__})")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
