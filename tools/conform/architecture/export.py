# SPDX-License-Identifier: GPL-2.0-or-later
"""The images in files, with an index that says what each is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tools.conform.architecture import harness, layout
from tools.conform.architecture.case import InterruptKey, MachineCheck
from tools.conform.architecture.image import CaseImage
from tools.conform.architecture.source import evaluate
from tools.usage.errors import UsageError

INDEX: Final = "index.json"
_ELF: Final = ".elf"
_RAW: Final = ".bin"


def export(images: Mapping[str, CaseImage], directory: Path, *, is_raw_too: bool = False) -> None:
    """Write *images* to ``SECTION/NAME.elf`` in *directory*, and the index.

    :param is_raw_too: write ``SECTION/NAME.bin``, too: what is in storage, for who loads no ELF file.
    :raises UsageError: if there are other images in *directory*, which would be taken for some of these.
    :raises OSError: if it cannot be written.
    """
    suffixes = (_ELF, _RAW) if is_raw_too else (_ELF,)
    ours = {directory / f"{name}{suffix}" for name in images for suffix in suffixes}
    others = sorted(path for path in directory.rglob("*") if path.suffix in (_ELF, _RAW) and path not in ours)
    if others:
        raise UsageError(f"--export: expected a directory without other images, such as {others[0]}")
    for name, image in images.items():
        path = directory / f"{name}{_ELF}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image.elf())
        if is_raw_too:
            path.with_name(f"{path.stem}{_RAW}").write_bytes(image.raw())
    text = json.dumps(index(images), indent=1) + "\n"
    (directory / INDEX).write_text(text, encoding="utf-8")


def index(images: Mapping[str, CaseImage]) -> dict[str, Any]:
    """What the index says: where the result is, and of each image what it is about and what it compares."""
    return {
        "result": {
            "address": layout.RESULT,
            "doublewords": ["magic", "verdict", "check", "expected", "found", "events"],
            "magic": layout.RESULT_MAGIC,
            "verdicts": {each.name.lower(): int(each) for each in harness.CaseVerdict},
        },
        "disabled_wait": {
            "passed": layout.PASSED_ADDRESS,
            "failed": layout.FAILED_ADDRESS,
            "skipped": layout.SKIPPED_ADDRESS,
        },
        "memory": layout.MEMORY,
        # Not zero there: whoever runs it does what the cases ask for from outside.
        "outside": layout.OUTSIDE,
        "cases": [_case(name, image) for name, image in images.items()],
    }


def _case(name: str, image: CaseImage) -> dict[str, Any]:
    case = image.case
    return {
        "name": name,
        "file": f"{name}.elf",
        "section": name.partition("/")[0],
        "rule": case.rule,
        "source": case.source,
        "basis": case.basis.value,
        "needs": [need.name for need in case.needs],
        "outside": [_outside(event, image) for event in case.outside],
        "checks": [
            {"name": check.name, "address": check.address, "mask": check.mask, "expected": check.expected}
            for check in image.checks
        ],
    }


def _outside(event: InterruptKey | MachineCheck, image: CaseImage) -> dict[str, Any]:
    """What is to happen before the instruction at an address is executed for the first time."""
    before = {"before": evaluate(event.at, image.labels)}
    if isinstance(event, InterruptKey):
        return {"what": "interrupt key", **before}
    return {"what": "machine check", "conditions": event.conditions, "cpu": event.cpu, **before}
