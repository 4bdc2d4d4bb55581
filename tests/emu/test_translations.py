# SPDX-License-Identifier: GPL-2.0-or-later
"""The translation-lookaside buffers of all CPUs together: who drops what, and what need not be looked at."""

from __future__ import annotations

import numpy as np
import pytest

from emu.configuration import Configuration
from emu.machine import MEGABYTE
from emu.translations import Translations


class Buffer:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []
        self.writable: set[int] = set()

    def flush(self) -> None:
        self.asked.append(("flush", None))

    def flush_later(self) -> None:
        self.asked.append(("flush later", None))

    def forget_page(self, page: int) -> None:
        self.asked.append(("forget page", page))

    def forget_writable(self, page: int) -> None:
        self.asked.append(("forget writable", page))

    def may_write(self, page: int) -> bool:
        return page in self.writable

    def forget_code(self, page: int) -> None:
        self.asked.append(("forget code", page))

    def end_soon(self) -> None:
        self.asked.append(("end soon", None))


@pytest.fixture
def translations() -> Translations:
    """Those of two CPUs with 256 pages."""
    configuration: Configuration = Configuration(MEGABYTE)
    configuration.translations.buffers += [Buffer(), Buffer()]
    return configuration.translations


def both(translations: Translations) -> list[tuple[str, int | None]]:
    """What both buffers were asked, which must be the same."""
    first, second = translations.buffers
    assert first.asked == second.asked
    return first.asked


def test_at_first_no_page_is_reached(translations: Translations) -> None:
    assert translations.reached.shape == (256,)
    assert not translations.reached.any()


def test_flushing_drops_the_translations_of_every_cpu_and_reaches_nothing(translations: Translations) -> None:
    translations.reached[[3, 255]] = 1
    translations.flush_all()
    assert both(translations) == [("flush", None)]
    assert not translations.reached.any()


def test_a_page_that_changes_is_forgotten_by_every_cpu_if_it_is_reached(translations: Translations) -> None:
    translations.reached[[3, 4]] = 1
    translations.page_changed(3)
    assert both(translations) == [("forget page", 3)]
    assert translations.reached.nonzero()[0].tolist() == [4]


def test_a_page_that_no_translation_leads_to_need_not_be_forgotten(translations: Translations) -> None:
    translations.page_changed(3)
    assert both(translations) == []


def test_a_page_that_is_written_holds_no_translated_code_on_any_cpu(translations: Translations) -> None:
    translations._storage.code_pages[3] = translations._storage.code_pages[4] = 1
    translations.code_written(3)
    assert both(translations) == [("forget code", 3)]
    assert (translations._storage.code_pages[3], translations._storage.code_pages[4]) == (0, 1)


def test_storing_into_a_page_of_code_drops_the_code(translations: Translations) -> None:
    translations._storage.code_pages[3] = 1
    translations._storage.write(0x3000, b"1")
    translations._storage.write(0x3000, b"2")
    assert both(translations) == [("forget code", 3)]


def test_forgetting_all_code_forgets_every_page_of_it_and_every_translation(translations: Translations) -> None:
    for page in (3, 200):
        translations._storage.code_pages[page] = 1
    translations.forget_all_code()
    assert both(translations) == [("forget code", 3), ("forget code", 200), ("flush", None)]
    assert not any(translations._storage.code_pages)


def test_frames_that_are_taken_hold_no_code_and_no_translation_leads_anywhere(translations: Translations) -> None:
    for page in (3, 4, 200):
        translations._storage.code_pages[page] = 1
    translations.reached[7] = 1
    translations.frames_taken(np.array([3, 5, 200], dtype=np.int32))
    assert both(translations) == [("forget code", 3), ("forget code", 200), ("flush", None)]
    assert translations._storage.code_pages[4] == 1
    assert not translations.reached.any()


@pytest.mark.parametrize("cpu", (0, 1))
def test_a_page_is_writable_if_any_cpu_may_store_into_it(translations: Translations, cpu: int) -> None:
    assert not translations.is_writable(3)
    translations.buffers[cpu].writable.add(3)
    assert translations.is_writable(3)
    assert not translations.is_writable(4)


def test_every_cpu_asks_again_before_it_stores_into_a_page_that_will_hold_code(translations: Translations) -> None:
    translations.forget_writable(3)
    assert both(translations) == [("forget writable", 3)]


def test_whichever_cpu_runs_comes_back_soon(translations: Translations) -> None:
    translations.end_soon()
    assert both(translations) == [("end soon", None)]
