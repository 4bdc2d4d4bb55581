# SPDX-License-Identifier: GPL-2.0-or-later
"""Sizes and addresses as people write them."""

from __future__ import annotations

import pytest

from emu.input_files.sizes import format_size, parse_address, parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    (("0", 0), ("4096", 4096), ("1K", 1024), ("256M", 1 << 28), ("256m", 1 << 28), ("1GiB", 1 << 30), ("2T", 1 << 41)),
)
def test_size(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ("", "M", "-1M", "1.5G", "1X", "0x100000", 5000 * "9"))
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size such as 256M"):
        parse_size(text)


@pytest.mark.parametrize(("text", "expected"), (("10", 16), ("0x10", 16), ("FFF", 0xFFF), ("f" * 16, (1 << 64) - 1)))
def test_address(text: str, expected: int) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ("", "0x", "xyz", "-1", "1" + 16 * "0"))
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="expected a hexadecimal address"):
        parse_address(text)


@pytest.mark.parametrize(("size", "expected"), ((1 << 28, "256M"), (3 << 30, "3G"), (1000, "1000"), (0, "0")))
def test_format_size(size: int, expected: str) -> None:
    assert format_size(size) == expected
