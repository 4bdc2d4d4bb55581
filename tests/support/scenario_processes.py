# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that steps of scenarios begin with."""

from __future__ import annotations

from guest_kernel.scripted.scenarios.scenario import Mmap, Process
from tests.support.scenarios import AT

BEGIN = (Process(name="p"), Mmap(process="p", at=AT, pages=10))
SHARED = (Process(name="p"), Mmap(process="p", at=AT, pages=20, file="data", first=5, shared=True))
ONLY_READ = (Process(name="p"), Mmap(process="p", at=AT, pages=20, file="data", first=5, writable=False))
PRIVATE = (Process(name="p"), Mmap(process="p", at=AT, pages=20, file="data", first=5))
