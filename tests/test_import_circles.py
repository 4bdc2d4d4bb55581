# SPDX-License-Identifier: GPL-2.0-or-later
"""No file imports another in a circle, imports for types counted, but for the circles that are declared here."""

from __future__ import annotations

from collections.abc import Iterable

import grimp

PACKAGES = ("emu", "host", "guest_kernel", "tools")
MM = "guest_kernel.scripted.mm"
DECLARED = {
    "Linux's memory management, whose functions call each other (guest_kernel/scripted/README.md)": {
        f"{MM}.{name}"
        for name in (
            "discard",
            "filemap",
            "lru",
            "page_alloc",
            "page_writeback",
            "rmap",
            "swap_state",
            "vmscan",
        )
    },
}


def circles(graph: grimp.ImportGraph) -> list[set[str]]:
    """The largest sets of modules each of which imports, by way of others, all others of its set."""
    imports = {module: graph.find_upstream_modules(module) for module in graph.modules}
    found = {
        frozenset({module, *(each for each in imported if module in imports[each])})
        for module, imported in imports.items()
    }
    return sorted((set(circle) for circle in found if len(circle) > 1), key=sorted)


def in_words(sets: Iterable[set[str]]) -> str:
    return "; ".join(", ".join(sorted(each)) for each in sets)


def test_a_circle_is_found_and_what_only_leads_to_it_is_not_in_it() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("c", "e"), ("f", "g"), ("g", "f")):
        graph.add_import(importer=importer, imported=imported)
    assert circles(graph) == [{"a", "b", "c"}, {"f", "g"}]


def test_there_are_the_declared_circles_and_no_others() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    found, declared = circles(graph), [*DECLARED.values()]
    new = [circle for circle in found if circle not in declared]
    assert not new, f"a circle that nobody has declared: {in_words(new)}"
    gone = [circle for circle in declared if circle not in found]
    assert not gone, f"take it out of the table, it is no circle any more: {in_words(gone)}"


def test_the_guest_kernel_has_none_but_in_mm() -> None:
    inside = [circle for circle in DECLARED.values() if "guest_kernel" in in_words([circle])]
    assert all(module.startswith(f"{MM}.") for circle in inside for module in circle)
