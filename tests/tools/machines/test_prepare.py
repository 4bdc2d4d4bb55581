# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever comes of compiling, the scripts say it in a line."""

from __future__ import annotations

import sys

import pytest

from emu.engine.library import EngineError
from tools.machines import prepare


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    (
        (None, 0, ""),
        (KeyboardInterrupt(), 3, "5 of 9\nstopped by Ctrl-C\n"),
        (EngineError("it may raise an exception"), 2, "5 of 9\nit may raise an exception\n"),
    ),
)
def test_what_is_said(
    raised: BaseException | None,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compile_callbacks(advance: object) -> None:
        assert callable(advance)
        advance(5, 9)
        assert raised is not None
        raise raised

    monkeypatch.setattr("emu.engine.compiled.are_kept", lambda: raised is None)
    monkeypatch.setattr("emu.engine.compiling.compile_callbacks", compile_callbacks)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert prepare.main() == status
    assert (
        capsys.readouterr()
        .err.removeprefix("essa: compiling the engine's callbacks, once; a minute or so\n")
        .removeprefix("\r")
        == said
    )
