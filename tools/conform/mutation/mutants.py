# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants: the source of a file of rules with one small thing in it broken.

What is broken is what rules consist of: comparisons, conditions, arithmetic of bits, numbers, what is raised or called,
and the cells of tables of transitions.  Annotations, texts and what only type checkers read stay as they are.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import ClassVar, Final, TypeVar, cast

from emu.page_states import Content, Usage

ROOT: Final = Path(__file__).parents[3]
RULES: Final = (
    "emu/page_states.py",
    "emu/isa/page_hinting.py",
    "emu/storage_keys.py",
    "emu/isa/storage_key_instructions.py",
    "emu/access.py",
    "emu/dat.py",
    "emu/prefixing.py",
    "emu/psw.py",
    "emu/program_interruption.py",
    "emu/interruption.py",
    "emu/machine_checks.py",
    "emu/status_fields.py",
    "emu/pending.py",
    "emu/isa/signaling.py",
    "emu/per.py",
    "emu/teid.py",
    "emu/instruction_fetch.py",
    "host/outcomes.py",
    "host/eviction.py",
    "host/guest.py",
    "host/release_list.py",
)
"""The files whose rules are broken: keys, DAT, protection, interruptions, page states, what a host does with pages."""

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_STATES: Final = tuple(usage + content for usage in "SUPV" for content in "rpz")
assert len(_STATES) == len(Usage) * len(Content)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken rule."""

    file: str
    line: int
    number: int | None
    """Among those of its file; None: nothing is broken."""
    function: str
    """What it is in, as it is called in the file."""
    what: str
    """What was there, and what is there now."""
    lines: tuple[int, int]
    """The first and the last line of what is evaluated with it: a statement, or the head of a compound one."""
    around: tuple[int, int]
    """Those of the outermost function that it is in, or of the statement."""
    mentions: frozenset[int] = frozenset()
    """Of what is evaluated when the module is loaded, the lines of its file where the name is used that it gets."""
    is_private: bool = False
    """Whether that name is used in no other file."""
    text: str = ""
    """What was there: the whole statement, but of a table, whose cell is named, nothing."""
    is_compiled: ClassVar[bool] = False
    """Whether it is of compiled code, and not of a file."""

    @property
    def name(self) -> str:
        """What people call it; it stays as long as the function and what is broken there do."""
        return f"{self.file}:{self.function}: {self.what}"

    @property
    def places(self) -> list[tuple[str, int]]:
        """Its file, with each of its lines."""
        return [(self.file, line) for line in range(self.lines[0], self.lines[1] + 1)]

    @property
    def source(self) -> str:
        """What it is a mutant of."""
        return _text(self.file)

    @property
    def digest(self) -> str:
        """Different for each source that it can have."""
        return hashlib.sha256(f"{self.number} {self.source}".encode()).hexdigest()[:16]

    @property
    def tree(self) -> ast.Module:
        """The source with it; what is not broken stands where it does in the source, so that its code is the same."""
        tree = ast.parse(self.source)
        if self.number is not None:
            _changes(tree)[self.number].make()
        return tree


_Mutant = TypeVar("_Mutant", bound=Mutant)


def mutants_of(file: str) -> list[Mutant]:
    """All mutants of *file*, a path from the root of the project, in the order of their lines."""
    return mutants_in(_text(file), file, Mutant)


def mutants_in(source: str, file: str, kind: type[_Mutant]) -> list[_Mutant]:
    """All mutants of *source*, which is called *file*, in the order of their lines."""
    found: list[_Mutant] = []
    tree = ast.parse(source)
    for number, change in enumerate(_changes(tree)):
        before = ast.unparse(change.node)
        after = ast.unparse(change.make())
        words = change.words or _in_words(before, after)
        change.undo()
        place = change.lines, change.around
        text = "" if change.words else before
        mutant = kind(file, change.node.lineno, number, change.function, words, *place, text=text)
        found.append(mutant if change.name is None else _mentioned(mutant, change.name, tree))
    return found


def _mentioned(mutant: _Mutant, name: str, tree: ast.Module) -> _Mutant:
    """*mutant* with where *name*, which it breaks, is used in *tree*."""
    lines: set[int] = set()
    for statement in ast.walk(tree):
        if isinstance(statement, ast.stmt) and not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            first, last = head(statement)
            if first != mutant.line and any(
                name in (getattr(node, "id", None), getattr(node, "attr", None)) and first <= node.lineno <= last
                for node in ast.walk(statement)
                if isinstance(node, ast.Name | ast.Attribute)
            ):
                lines.update(range(first, last + 1))
    return replace(mutant, mentions=frozenset(lines), is_private=name.startswith("_"))


def head(statement: ast.stmt) -> tuple[int, int]:
    """The first and the last line of *statement*, or of the head of a compound one."""
    body = getattr(statement, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) else statement.end_lineno or 0
    return statement.lineno, max(last, statement.lineno)


@cache
def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _in_words(before: str, after: str) -> str:
    """What of a text has changed, with a little around it."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    first, last = max(start - _AROUND, 0), max(end - _AROUND, 0)
    pair = (text[first : len(text) - last].replace("\n", " ") for text in (before, after))
    return " -> ".join(" ".join(each.split()) for each in pair)


_AROUND: Final = 30


@dataclass(slots=True)
class _Change:
    """Something that can be broken."""

    node: ast.stmt
    """The statement that is changed."""
    function: str
    make: Callable[[], ast.AST]
    """Breaks it, and gives what the node is then."""
    undo: Callable[[], None]
    """Makes it as it was."""
    words: str = ""
    """What is broken, if it is not to be seen in the text."""
    around: tuple[int, int] = (0, 0)

    @property
    def lines(self) -> tuple[int, int]:
        """See :attr:`Mutant.lines`."""
        return head(self.node)

    @property
    def name(self) -> str | None:
        """What gets a value by a statement that is in no function."""
        target = getattr(self.node, "target", None) or next(iter(getattr(self.node, "targets", ())), None)
        return target.id if self.around == self.lines and isinstance(target, ast.Name) else None


def _changes(tree: ast.Module) -> list[_Change]:
    found: list[_Change] = []
    for statement in tree.body:
        found += _in_statement(statement, "module", tree.body)
    functions = _outermost_functions(tree)
    for change in found:
        around = (each for each in functions if each[0] <= change.node.lineno <= each[1])
        change.around = next(around, change.lines)
    return found


def _outermost_functions(tree: ast.Module) -> list[tuple[int, int]]:
    """The first and the last line of each function that is in no other."""
    found = []
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.FunctionDef):
            found.append((statement.lineno, statement.end_lineno or 0))
        elif isinstance(statement, ast.ClassDef):
            waiting += statement.body
    return found


def _in_statement(statement: ast.stmt, function: str, siblings: list[ast.stmt]) -> Iterator[_Change]:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Assert():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Expr(value=ast.Constant()):
            return
        case ast.FunctionDef() | ast.ClassDef():
            inner = statement.name if function == "module" else f"{function}.{statement.name}"
            for each in statement.body:
                yield from _in_statement(each, inner, statement.body)
            return
        case ast.Raise():
            yield _without(statement, function, siblings)
            return
        case ast.Expr(value=ast.Call()):
            yield _without(statement, function, siblings)
    for name, value in ast.iter_fields(statement):
        if isinstance(value, ast.expr) and name not in ("annotation", "target", "returns"):
            yield from _in_expression(value, function, statement)
        elif isinstance(value, list):
            yield from _in_list(value, function)


def _in_list(parts: list[ast.AST], function: str) -> Iterator[_Change]:
    """In the statements of a body, or those of handlers and cases."""
    for part in parts:
        if isinstance(part, ast.stmt):
            yield from _in_statement(part, function, cast("list[ast.stmt]", parts))
        elif isinstance(part, ast.ExceptHandler | ast.match_case):
            for inner in part.body:
                yield from _in_statement(inner, function, part.body)


def _without(statement: ast.stmt, function: str, siblings: list[ast.stmt]) -> _Change:
    empty = ast.copy_location(ast.Pass(), statement)

    def make() -> ast.AST:
        siblings[siblings.index(statement)] = empty
        return empty

    def undo() -> None:
        siblings[siblings.index(empty)] = statement

    return _Change(statement, function, make, undo)


def _in_expression(expression: ast.expr, function: str, statement: ast.stmt) -> Iterator[_Change]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Compare):
            for place, operator in enumerate(node.ops):
                yield _put(statement, function, node.ops, place, _COMPARISONS[type(operator)]())
        elif isinstance(node, ast.BoolOp):
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield _set(statement, function, node, "op", other)
        elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            yield _set(statement, function, node, "op", _ARITHMETIC[type(node.op)]())
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield _set(statement, function, node, "op", ast.UAdd())
        elif isinstance(node, ast.Constant):
            yield from _in_constant(node, statement, function)


def _in_constant(node: ast.Constant, statement: ast.stmt, function: str) -> Iterator[_Change]:
    if isinstance(node.value, bool):
        yield _set(statement, function, node, "value", not node.value)
    elif isinstance(node.value, int):
        yield _set(statement, function, node, "value", node.value + 1)
    elif isinstance(node.value, str) and _is_table(node.value):
        lines = [line.split() for line in node.value.strip().splitlines()]
        for row, line in enumerate(lines):
            for column, word in enumerate(line[1:], 1):
                for broken in _broken_cell(word, lines):
                    changed = [[*each] for each in lines]
                    changed[row][column] = broken
                    table = "\n".join(" ".join(each) for each in changed)
                    words = f"{_target(statement)}, {_cell(lines, row, column)}: {word} -> {broken}"
                    yield replace(_set(statement, function, node, "value", table), words=words)


def _broken_cell(word: str, lines: list[list[str]]) -> Iterator[str]:
    """Another state that this table knows, or the other outcome of an eviction."""
    if word in _STATES:
        states = [line[0] for line in lines]
        states += sorted({each for line in lines for each in line[1:] if each in _STATES} - {*states})
        yield states[(states.index(word) + 1) % len(states)]
    elif word in _OUTCOMES:
        yield _OUTCOMES[1 - _OUTCOMES.index(word)]


def _cell(lines: list[list[str]], row: int, column: int) -> str:
    """What people call a cell: of a table of transitions, or of one of evictions."""
    line = lines[row]
    if len(line) == _CELLS:
        return f"{line[0]} and request {column - 1}"
    when = [line[0], *(each for each in line[1:2] if each not in _OUTCOMES)]
    return f"{' '.join(when)}, cell {column}"


def _target(statement: ast.stmt) -> str:
    return ast.unparse(statement.target) if isinstance(statement, ast.AnnAssign) else "table"


_CELLS: Final = 9
"""Words in a line of a table of transitions: the state before, and one for each request."""


_OUTCOMES: Final = ("drop", "preserve")


def _is_table(text: str) -> bool:
    """Whether *text* is lines that begin with states: of transitions, or of what an eviction comes to."""
    lines = [line.split() for line in text.strip().splitlines()]
    if not all(line and line[0] in _STATES for line in lines):
        return False
    return all(len(line) == _CELLS or not {*_OUTCOMES}.isdisjoint(line) for line in lines)


def _set(statement: ast.stmt, function: str, node: ast.AST, name: str, value: object) -> _Change:
    before = getattr(node, name)

    def make() -> ast.AST:
        setattr(node, name, value)
        return statement

    return _Change(statement, function, make, lambda: setattr(node, name, before))


def _put(statement: ast.stmt, function: str, into: list[ast.cmpop], place: int, value: ast.cmpop) -> _Change:
    before = into[place]

    def make() -> ast.AST:
        into[place] = value
        return statement

    return _Change(statement, function, make, lambda: into.__setitem__(place, before))
