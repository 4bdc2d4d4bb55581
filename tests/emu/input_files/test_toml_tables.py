# SPDX-License-Identifier: GPL-2.0-or-later
"""TOML in tables: what is read, and which line a message names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from time import process_time

import pytest

from emu.input_files.toml_tables import (
    Document,
    FieldError,
    Origin,
    convert,
    decode_toml,
    one_of,
    parse_toml,
    read_toml,
)


class OrchardError(FieldError):
    """Something is wrong with an orchard."""


class Fruit(Enum):
    APPLE = "apple"
    PEAR = "pear"


@dataclass(frozen=True)
class Tree:
    height: int
    fruit: Fruit = Fruit.APPLE

    def __post_init__(self) -> None:
        if self.height < 0:
            raise OrchardError(f"expected 0 or more, not {self.height}", "height")


def tree_of(table: object) -> Tree:
    return convert(table, Tree, OrchardError)


def trees(document: Document[OrchardError]) -> tuple[Tree, ...]:
    return document.all("tree", tree_of, lambda table: "old" if isinstance(table, dict) and len(table) > 1 else "")


def error_of(text: str) -> str:
    with pytest.raises(OrchardError) as raised:
        trees(parse_toml(text, "f", OrchardError))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_document() -> None:
    document = parse_toml('[owner]\nheight = 3\n[[tree]]\nheight = 1\nfruit = "pear"\n', "f", OrchardError)
    assert document.one("owner", Tree) == Tree(3)
    assert trees(document) == (Tree(1, Fruit.PEAR),)
    assert document.all("bush", tree_of) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("[[tree]]\nheight = 1\n[[tree]]\n\nheight = -1\n", "f:5: tree 2: height: expected 0 or more, not -1"),
        ("[[tree]]\n'height' = 'x'\n", "f:2: tree 1: height: expected int, got str"),
        ("[[tree]]\nheight = 1\nfruit = 'fig'\n", "f:3: tree 1 (old): fruit: expected apple or pear, not 'fig'"),
        (
            "[[tree]]\nheigth = 1\n",
            "f:2: tree 1: heigth: unknown; expected height, fruit: did you mean height?",
        ),
        ("[[tree]]\nheight = 1\nage = 2\n", "f:3: tree 1 (old): age: unknown; expected height, fruit"),
        ("# none\n[[ 'tree' ]] # one\n", "f:2: tree 1: height: missing"),
        ("tree = [5]", "f: tree 1: expected a table, not 5"),
        ("\ntree = 5", "f:2: tree: expected [[tree]] tables"),
        ("[tree]", "f:1: tree: expected [[tree]] tables"),
    ),
)
def test_an_error_names_file_line_table_and_field(text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.parametrize(
    "text",
    (
        "tree = [{height = 1}, {height = 'x'}]",
        '[[tree]]\nheight = 1\nfruit = """\n[[tree]]\n"""\n',
        '[owner]\nname = """\n[[tree]]\n"""\n[[tree]]\nheight = "x"\n',
    ),
)
def test_no_line_is_named_if_it_cannot_be_told(text: str) -> None:
    assert error_of(text).startswith("f: tree ")


def test_the_fields_of_a_table_in_a_table_are_not_its_own() -> None:
    text = "[[tree]]\n[tree.leaf]\nfruit = 5\n[[tree]]\nheight = 1\nleaf = 1\n"
    assert error_of(text) == "f:1: tree 1: leaf: unknown; expected height, fruit"


def test_an_error_about_all_of_a_key() -> None:
    origin = parse_toml("a = 1\n[b]\n[c.d]\n", "f", OrchardError).origin
    messages = [str(origin.error_at(key, "wrong")) for key in "abcd"]
    assert messages == ["f:1: wrong", "f:2: wrong", "f:3: wrong", "f: wrong"]


def test_an_origin_that_is_no_file() -> None:
    error = Origin("scenario", OrchardError).error("wrong", "host", field="frames")
    assert (type(error), str(error)) == (OrchardError, "scenario: host: frames: wrong")


def test_what_is_said_of_a_missing_field() -> None:
    with pytest.raises(OrchardError) as raised:
        convert({}, Tree, OrchardError, missing="missing; a tree has one")
    assert (raised.value.field, raised.value.text) == ("height", "missing; a tree has one")


@pytest.mark.parametrize(
    ("data", "message"),
    (
        (b"[[tree]\n", "f:1: not TOML: "),
        (b"a = 1\na = 2\n", "f:2: not TOML: "),
        (b"a = '\xe4'", "f: not TOML: expected UTF-8, found 0xe4"),
        (b"a = " + b"[" * 100_000, "f: not TOML that can be read: it is nested too deeply"),
        (b"[a" + 40 * b".a" + b"]", "f: not TOML that can be read: it is nested too deeply"),
        (b"[[a]]\nb" + 3_000 * b".b" + b" = 1", "f: not TOML that can be read: it is nested too deeply"),
        (b"a = " + 40 * b"[" + 40 * b"]", "f: not TOML that can be read: it is nested too deeply"),
    ),
)
def test_what_is_not_toml(data: bytes, message: str) -> None:
    with pytest.raises(OrchardError) as raised:
        decode_toml(data, "f", OrchardError)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    "key", ("a" + 50_000 * ".a", "'a'" + 50_000 * r' . "a.\"a"', "[a" + 50_000 * ".a" + "]", "b = {a" + 50_000 * ".a")
)
def test_a_key_of_very_many_parts_is_refused_at_once(key: str) -> None:
    began = process_time()
    assert error_of(f"c = 'a'\n{key} = 1\n") == "f: not TOML that can be read: it is nested too deeply"
    assert process_time() - began < 2


@pytest.mark.parametrize(
    "text", (50_000 * '"a\\', 50_000 * "'a\n", '"""' + 50_000 * '\\"""', 50_000 * "'''a", 50_001 * '"', 50_000 * "a ")
)
def test_what_is_not_toml_is_refused_at_once(text: str) -> None:
    began = process_time()
    assert "not TOML: " in error_of(text)
    assert process_time() - began < 2


@pytest.mark.parametrize(
    "text",
    (
        "# DOTS",
        "a = 1 # 'DOTS",
        "a = 'DOTS'",
        r'a = "\"DOTS" # "',
        'a = """\n"DOTS\n\\"""DOTS"""""',
        "a = \"'\"\nb = 'DOTS'",
        "a = '''\n''DOTS'''''\nb = 'DOTS'",
        "'DOTS' = 1\n\"DOTS.\".'DOTS' = 1",
    ),
)
def test_dots_in_texts_and_comments_are_no_depth(text: str) -> None:
    assert parse_toml(text.replace("DOTS", "x" + 100 * ".x"), "f", OrchardError)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "orchard.toml"
    with pytest.raises(OrchardError, match=r"orchard\.toml: cannot be read: No such file"):
        read_toml(path, OrchardError)
    path.write_text("[[tree]]\nheight = 1\n")
    assert trees(read_toml(path, OrchardError)) == (Tree(1),)


def test_names_in_a_message() -> None:
    assert [one_of("a"), one_of("ab"), one_of("abc")] == ["a", "a or b", "a, b or c"]
