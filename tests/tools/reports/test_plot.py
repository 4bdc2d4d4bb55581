# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of the page states over time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.command.cli import main

PRESSURE = str(Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "pressure.elf")
SAMPLED = (
    "run",
    PRESSURE,
    "--memory",
    "4M",
    "--host-memory",
    "2M",
    "--cmdline",
    "rounds=1",
    "--sample-every",
    "1000000",
)


def test_a_picture_shows_each_guest_and_repeats_to_the_bit(tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    plan = tmp_path / "plan.toml"
    plan.write_text('[[step]]\nat_work = 2000000\ndo = "sample"\nlabel = "half-way"\n')
    for path in (first, second):
        assert main([*SAMPLED, "--guests", "2", "--plan", str(plan), "--plot", str(path)]) == 0
    picture = first.read_text()
    assert picture == second.read_text()
    for text in ("guest 0", "guest 1", "Vr", "Sp", "Vz", "half-way"):
        assert f"<!-- {text} -->" in picture
    # No page was ever in a state that z/VM does not have.
    assert "<!-- Vp -->" not in picture


@pytest.mark.parametrize("suffix", (".png", ".pdf"))
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    assert main([*SAMPLED, "--plot", str(path)]) == 0
    assert path.read_bytes().startswith({".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix])


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    (
        (SAMPLED, "picture.doc", "--plot: expected a file name that ends in .html, .svg, .png, .pdf, not "),
        (SAMPLED[:-2], "picture.svg", "--plot: expected --sample-every"),
        (SAMPLED[:-2], "page.html", "--plot: expected --sample-every"),
        (SAMPLED, "nowhere/picture.svg", "cannot be written: No such file or directory"),
    ),
)
def test_wrong_use(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], name: str, message: str
) -> None:
    assert main([*arguments, "--plot", str(tmp_path / name)]) == 2
    captured = capfd.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_picture_without_what_draws_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    path = tmp_path / "picture.svg"
    assert main([*SAMPLED, "--plot", str(path)]) == 2
    assert capfd.readouterr().err.startswith("essa: --plot: .svg: drawn by matplotlib, which is not installed")
    assert not path.exists()
    # Before the run, and a page needs nothing.
    assert main([*SAMPLED, "--plot", str(tmp_path / "page.html")]) == 0


def test_the_disk_is_full(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert main([*SAMPLED, "--plot", str(tmp_path / "page.html")]) == 2
    assert capfd.readouterr().err.splitlines()[-1].endswith("page.html cannot be written: No space left on device")
