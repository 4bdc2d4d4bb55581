# SPDX-License-Identifier: GPL-2.0-or-later
"""What is fetched, and where it is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.debian import download
from tools.debian.releases import debian_files
from tools.usage.errors import UsageError


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory with Debian 12 in it."""
    place = tmp_path_factory.mktemp("debian")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place))
        try:
            download.fetch_debian("bookworm")
        except UsageError as reason:
            pytest.skip(f"Debian's archive cannot be had here: {reason}")
    return place


@pytest.fixture
def fetched(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, made the one that is used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(archive))
    return archive


@pytest.fixture(scope="session")
def told(archive: Path) -> Path:
    """The same with the symbols that the kernel has told, which takes a boot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(archive))
        download.keep_symbols(debian_files("bookworm"))
    return archive


@pytest.fixture
def with_symbols(told: Path, fetched: Path) -> Path:
    """The same, made the one that is used."""
    return fetched
