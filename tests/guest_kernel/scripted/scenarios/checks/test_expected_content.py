# SPDX-License-Identifier: GPL-2.0-or-later
"""The model of what files and processes contain."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.checks.expected_content import ExpectedContent, PageContent, Refused
from guest_kernel.scripted.state.block_device import page_content

PAGE = 4096


def doubleword(content: bytes, offset: int) -> int:
    return int.from_bytes(content[offset : offset + 8], "big")


@pytest.fixture
def expected() -> ExpectedContent:
    """A file 3 of 10 pages, and two processes, of which "a" maps it: to share at page 0, for itself at page 10."""
    made = ExpectedContent()
    made.add_file(3, 10)
    made.begin("a")
    made.begin("b")
    made.map("a", 0, 10, inode=3, shared=True)
    made.map("a", 10 * PAGE, 5, inode=3, first=2)
    made.map("a", 20 * PAGE, 3)
    return made


def test_a_page_with_stores() -> None:
    content = PageContent(3, 5).after_store(8, 1).after_store(4088, 2).after_store(8, 3)
    assert content.to_bytes() == page_content(3, 5)[:8] + (3).to_bytes(8, "big") + page_content(3, 5)[16:4088] + (
        2
    ).to_bytes(8, "big")
    assert [content.doubleword(offset) for offset in (8, 4088, 16)] == [3, 2, doubleword(page_content(3, 5), 16)]
    assert PageContent().to_bytes() == bytes(PAGE)
    assert PageContent().doubleword(16) == 0


def test_files_are_what_they_were_until_they_are_written(expected: ExpectedContent) -> None:
    assert expected.file_bytes(3, 1) == page_content(3, 1)
    assert expected.write(3, 1).to_bytes() == page_content(3, 1, 1)
    expected.write(3, 1)
    assert expected.file_bytes(3, 1) == page_content(3, 1, 2)
    assert expected.file_bytes(3, 2) == page_content(3, 2)


def test_who_shares_a_file_stores_into_it(expected: ExpectedContent) -> None:
    expected.store("a", 4 * PAGE + 16, 77)
    assert expected.load("a", 4 * PAGE + 16) == 77
    assert doubleword(expected.file_bytes(3, 4), 16) == 77
    # The private mapping begins with page 2 of the file.
    assert expected.load("a", 12 * PAGE + 16) == 77
    expected.write(3, 4)
    assert expected.load("a", 4 * PAGE + 16) == doubleword(page_content(3, 4, 1), 16)


def test_a_private_page_is_a_copy_from_the_first_store_on(expected: ExpectedContent) -> None:
    expected.store("a", 10 * PAGE, 5)
    assert expected.file_bytes(3, 2) == page_content(3, 2)
    expected.write(3, 2)
    expected.write(3, 3)
    assert expected.load("a", 10 * PAGE + 8) == doubleword(page_content(3, 2), 8)
    assert expected.load("a", 11 * PAGE + 16) == doubleword(page_content(3, 3, 1), 16)


def test_memory_begins_as_zeros_and_is_copied_at_a_fork(expected: ExpectedContent) -> None:
    assert expected.load("a", 20 * PAGE) == 0
    expected.store("a", 20 * PAGE, 1)
    expected.end("b")
    expected.fork("a", "b")
    expected.store("a", 20 * PAGE, 2)
    expected.store("b", 20 * PAGE + 8, 3)
    assert [expected.load(each, 20 * PAGE) for each in "ab"] == [2, 1]
    assert [expected.load(each, 20 * PAGE + 8) for each in "ab"] == [0, 3]


def test_shared_memory_is_the_same_after_a_fork(expected: ExpectedContent) -> None:
    expected.map("a", 30 * PAGE, 2, shared=True)
    expected.map("a", 40 * PAGE, 2, shared=True)
    expected.fork("a", "c")
    expected.store("c", 31 * PAGE, 9)
    assert expected.load("a", 31 * PAGE) == 9
    assert expected.load("a", 41 * PAGE) == 0


@pytest.mark.parametrize(("address", "name"), ((50 * PAGE, "SIGSEGV"), (8 * PAGE, "SIGBUS")))
def test_what_cannot_be_accessed(expected: ExpectedContent, address: int, name: str) -> None:
    expected.truncate(3, 8)
    assert expected.refusal("a", address) == name
    with pytest.raises(Refused) as raised:
        expected.load("a", address)
    assert raised.value.name == name
    assert expected.refusal("a", 7 * PAGE) is None


def test_what_cannot_be_stored_into(expected: ExpectedContent) -> None:
    expected.protect("a", 0, 2, writable=False)
    assert expected.refusal("a", PAGE) is None
    assert expected.refusal("a", PAGE, is_store=True) == "SIGSEGV"
    with pytest.raises(Refused, match="SIGSEGV"):
        expected.store("a", PAGE, 1)
    assert expected.file_bytes(3, 1) == page_content(3, 1)
    expected.protect("a", 0, 2, writable=True)
    expected.store("a", PAGE, 1)


def test_what_is_locked_is_a_copy_if_it_is_private_and_writable(expected: ExpectedContent) -> None:
    expected.protect("a", 11 * PAGE, 1, writable=False)
    expected.lock("a", 9 * PAGE, 1)
    expected.lock("a", 10 * PAGE, 3)
    for index in (2, 3, 4, 5, 9):
        expected.write(3, index)
    found = {number: expected.load("a", number * PAGE + 16) for number in (9, 10, 11, 12, 13)}
    # Offset 16 is the version.
    assert found == {9: 1, 10: 0, 11: 1, 12: 0, 13: 1}


def test_what_is_unmapped_is_gone(expected: ExpectedContent) -> None:
    expected.store("a", 20 * PAGE, 1)
    expected.unmap("a", 19 * PAGE, 2)
    assert expected.refusal("a", 20 * PAGE) == "SIGSEGV"
    assert expected.load("a", 21 * PAGE) == 0


def test_what_has_been_stored(expected: ExpectedContent) -> None:
    expected.store("a", PAGE + 8, 1)
    expected.store("a", 20 * PAGE + 4088, 1)
    expected.store("a", 20 * PAGE, 1)
    # Page 1 of the file is not in the private mapping.
    assert expected.stored("a") == [PAGE + 8, 20 * PAGE, 20 * PAGE + 4088]
    expected.truncate(3, 1)
    assert expected.stored("a") == [20 * PAGE, 20 * PAGE + 4088]
    assert expected.stored("b") == []
