# SPDX-License-Identifier: GPL-2.0-or-later
"""State in declared sections: what is declared comes back, and what is forgotten is found."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from emu.state import (
    Section,
    StateError,
    array_of,
    computed,
    constant,
    differences,
    each,
    restore_state,
    state_of,
    typed,
)


class Kind(Enum):
    FIRST = "first"
    SECOND = "second"


class Code(IntEnum):
    ONE = 1


@dataclass(frozen=True, slots=True)
class Place:
    page: int
    kind: Kind = Kind.FIRST


@dataclass(slots=True)
class Counts:
    """A dataclass that can be set: its fields are its state."""

    reads: int = 0
    by_code: Counter[int] = field(default_factory=Counter)


class Part:
    STATE: ClassVar = Section("part", "value")

    def __init__(self, value: int = 0) -> None:
        self.value = value


class Base:
    STATE: ClassVar = Section("base", "number", excluded={"size": "a parameter"})

    def __init__(self) -> None:
        self.number = 0
        self.size = 8


class Everything(Base):
    """One of each kind of attribute."""

    STATE: ClassVar = Section(
        "everything",
        "text",
        "nothing",
        "table",
        "flags",
        "kind",
        "stack",
        "queue",
        "numbers",
        "fixed",
        "names",
        "counter",
        "part",
        "parts",
        "counts",
        typed("place", Place | None),
        typed("places", list[tuple[int, Place]]),
        typed("waiting", list[tuple[int, bytes]]),
        each("made", Part),
        each("listed", Part),
        computed("used", lambda own: own._buffer[: own._used], "put", of=("_buffer", "_used")),
        computed("twice", "double", lambda own, saved: own.check(saved)),
        excluded={"view": "of the table", "callback": "whoever asks"},
        restored="note",
    )

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.nothing: int | None = None
        self.table = np.zeros(4, dtype=np.int32)
        self.view = self.table.data
        self.flags = bytearray(3)
        self.kind = Kind.FIRST
        self.stack = [0]
        self.queue: deque[bytes] = deque()
        self.numbers = array("i")
        self.fixed = (0, 0)
        self.names: set[str] = set()
        self.counter: Counter[int] = Counter()
        self.part = Part()
        self.parts = [Part(), Part()]
        self.counts = Counts()
        self.place: Place | None = None
        self.places: list[tuple[int, Place]] = []
        self.waiting: deque[tuple[int, bytes]] = deque()
        self.made: dict[int, Part] = {}
        self.listed: list[Part] = []
        self._buffer = np.zeros(8, dtype=np.uint8)
        self._used = 0
        self.callback = print

    def put(self, saved: Any) -> None:
        used = array_of(saved)
        self._used = len(used)
        self._buffer[: self._used] = used

    def double(self) -> list[Any]:
        return [[self.number * 2], self.table]

    def check(self, saved: Any) -> None:
        assert saved[0] == [self.number * 2]
        assert array_of(saved[1]).tolist() == self.table.tolist()

    def note(self) -> None:
        self.callback = repr


def full() -> Everything:
    one = Everything()
    one.number, one.text, one.nothing = -(1 << 70), "text", (1 << 64) - 1
    one.table[:] = [1, -2, 3, -4]
    one.flags[:] = b"abc"
    one.kind = Kind.SECOND
    one.stack += [3, 1 << 80]
    one.queue.extend((b"x", b"y"))
    one.numbers.extend((7, -7))
    one.fixed = (5, 6)
    one.names |= {"b", "a"}
    one.counter.update({Code.ONE: 2, 9: 3})
    one.part.value = 1
    one.parts[1].value = 2
    one.counts.reads = 4
    one.counts.by_code[3] += 1
    one.place = Place(1 << 65, Kind.SECOND)
    one.places.append((3, Place(4)))
    one.waiting.append((1, b"\x00"))
    one.made[12] = Part(13)
    one.listed.append(Part(14))
    one.put({"#array": "|u1", "shape": [2], "data": b"\x01\x02"})
    return one


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(state))
    return read


def test_everything_comes_back() -> None:
    first, second = full(), Everything()
    state = state_of(first)
    restore_state(second, through_a_file(state))
    assert differences(state_of(second), state) == []
    assert state_of(second) == state
    assert second.number == -(1 << 70)
    assert second.stack == [0, 3, 1 << 80]
    assert second.kind is Kind.SECOND
    assert second.fixed == (5, 6)
    assert second.place == Place(1 << 65, Kind.SECOND)
    assert second.places == [(3, Place(4))]
    assert list(second.waiting) == [(1, b"\x00")]
    assert second.counts == first.counts
    assert second.made[12].value == 13
    assert second._buffer[:2].tolist() == [1, 2]


def test_state_does_not_change_afterwards() -> None:
    one = full()
    state = state_of(one)
    one.table[0] = 99
    one.stack.append(1)
    one.part.value = 99
    assert state == state_of(full())


def test_what_looks_at_a_container_goes_on_to_do_so() -> None:
    second = Everything()
    stack, counter, queue, part, names = second.stack, second.counter, second.queue, second.part, second.names
    restore_state(second, state_of(full()))
    assert second.view[1] == -2
    assert stack is second.stack
    assert counter is second.counter
    assert counter == {1: 2, 9: 3}
    assert queue is second.queue
    assert names is second.names
    assert part is second.part
    assert isinstance(second.waiting, deque)


def test_the_object_hears_that_it_was_restored() -> None:
    second = Everything()
    restore_state(second, state_of(full()))
    assert second.callback is repr


@pytest.mark.parametrize("value", ([(1, 2)], [[1]], {"a": {}}, [Place(1)], [Kind.FIRST], Place(1)))
def test_what_does_not_tell_what_it_was_must_be_typed(value: Any) -> None:
    one = Part()
    one.value = value
    with pytest.raises(StateError, match=r"^part: value: "):
        state_of(one)


@pytest.mark.parametrize(
    ("name", "saved", "text"),
    (
        ("table", {"#array": "<i4", "shape": [3], "data": bytes(12)}, r"table: expected \[4\] elements of int32, not"),
        ("table", {"#array": "<i8", "shape": [4], "data": bytes(32)}, r"table: expected \[4\] elements of int32, not"),
        ("table", 5, "table: expected an array"),
        ("flags", b"four", "flags: expected 3 bytes, not 4"),
        ("parts", [{"value": 1}], r"parts: expected the objects \[0, 1\], not \[0\]"),
        ("stack", [[1]], "stack: expected plain elements"),
        ("stack", {}, "stack: expected plain elements"),
        ("text", [], "text: expected a plain value"),
        ("place", {"page": "x"}, "place: Expected `int`, got `str`"),
        ("kind", "third", "kind: 'third' is not a valid Kind"),
    ),
)
def test_a_state_that_does_not_fit(name: str, saved: Any, text: str) -> None:
    with pytest.raises(StateError, match=rf"^everything: {text}"):
        restore_state(Everything(), state_of(full()) | {name: saved})


def test_a_field_too_many_or_too_few() -> None:
    state = state_of(full())
    with pytest.raises(StateError, match=r"^everything: other: unknown"):
        restore_state(Everything(), state | {"other": 1})
    del state["text"]
    with pytest.raises(StateError, match=r"^everything: text: missing in the state"):
        restore_state(Everything(), state)


def test_differences_say_where() -> None:
    one, other = full(), full()
    other.number = 5
    other.table[2] = 0
    other.flags[1] = 0
    other.stack[1] = 0
    other.queue.append(b"z")
    other.counter[100] = 1
    other.parts[1].value = 0
    del other.made[12]
    assert differences(state_of(one), state_of(other)) == [
        "number",
        "table[2]",
        "flags[1]",
        "stack[1]",
        "queue",
        "counter[100]",
        "parts[1].value",
        "made[12]",
        "twice[0][0]",
        "twice[1][2]",
    ]
    assert differences(state_of(one), state_of(full())) == []


def test_an_object_without_a_declaration() -> None:
    one = full()
    one.nothing = object()  # type: ignore[assignment]
    with pytest.raises(StateError, match=r"^everything: nothing: expected plain values"):
        state_of(one)
    with pytest.raises(StateError, match=r"^object declares no state"):
        state_of(object())


class Sized:
    STATE: ClassVar = Section(
        "sized",
        constant("size"),
        constant("names", lambda own: sorted(own.kinds), of=("kinds",)),
        constant("double", "twice", of=()),
    )

    def __init__(self, size: int, *kinds: str) -> None:
        self.size = size
        self.kinds = frozenset(kinds)

    def twice(self) -> int:
        return 2 * self.size


def test_a_constant_must_be_the_same() -> None:
    state = through_a_file(state_of(Sized(1 << 70, "a", "b")))
    restore_state(Sized(1 << 70, "b", "a"), state)
    with pytest.raises(StateError, match=r"^sized: size: expected 5, as it is here, not "):
        restore_state(Sized(5, "a", "b"), state)
    with pytest.raises(StateError, match=r"^sized: names: expected \['a'\], as it is here, not \['a', 'b'\]"):
        restore_state(Sized(1 << 70, "a"), state)
