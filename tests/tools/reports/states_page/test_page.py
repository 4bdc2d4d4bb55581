# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of page states: what is in it, and what a browser shows of it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from emu.page_states import name
from host.pages_over_time import unpack
from tests.support.browser import browser
from tests.support.command import SQUEEZED, read_json
from tools.command.cli import main
from tools.reports.state_colours import STATE_COLOURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

SAMPLED = (*SQUEEZED, "--sample-every", "1000000")
EVENTS = {
    "DISCARDED": "discarded",
    "DROPPED": "dropped unused",
    "WRITTEN": "written by the host",
    "READ": "read by the host",
    "FAULT": "discard fault",
}


@dataclass
class PageData:
    """The data in a page, and every page of the first recording at each sample."""

    data: dict[str, Any]
    states: list[list[int]]
    keys: list[list[int]]
    events: list[list[int]]

    @property
    def first(self) -> dict[str, Any]:
        """The first recording."""
        found: dict[str, Any] = self.data["recordings"][0]
        return found


def read_page(path: Path) -> PageData:
    """What is in the page, decoded by the definition of its form."""
    matched = re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)
    assert matched is not None
    data = json.loads(matched[1])
    recording = data["recordings"][0]
    runs, offset = zlib.decompress(base64.b64decode(recording["runs"])), 0
    found = PageData(data, [], [], [])
    now = np.zeros(recording["pages"], dtype=np.uint16)
    for _ in recording["pictures"]:
        pages, values, offset = unpack(runs, offset)
        now[pages] = values
        marked, happened, offset = unpack(runs, offset)
        events = np.zeros(recording["pages"], dtype=np.uint16)
        events[marked] = happened
        found.states.append((now & 0xFF).tolist())
        found.keys.append((now >> 8).tolist())
        found.events.append(events.tolist())
    assert offset == len(runs)
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one run, with a labelled sample."""
    directory = tmp_path_factory.mktemp("page")
    path, plan = directory / "states.html", directory / "plan.toml"
    plan.write_text('[[step]]\nat_work = 2000000\ndo = "sample"\nlabel = "half </script> way"\n')
    options = ("--plan", str(plan), "--plot", str(path), "--json", str(directory / "summary.json"))
    assert main([*SAMPLED, *options]) == 0
    return path


class TestData:
    def test_numbers_are_those_of_the_summary(self, page: Path) -> None:
        recording = read_page(page).first
        rows: Any = read_json(page.parent / "summary.json")["host"]["series"]["rows"]  # type: ignore[index]
        assert recording["work"][:-1] == [row["work"] for row in rows]
        assert recording["labels"] == [*(row["label"] for row in rows), "end"]
        assert "half </script> way" in recording["labels"]
        for state, pages in recording["table"].items():
            assert pages[:-1] == [row["table"][state[0]][state[1]] for row in rows]
        # No state is left out.
        assert [sum(column) for column in zip(*recording["table"].values(), strict=True)] == [1024] * (len(rows) + 1)

    def test_its_end_is_that_of_the_summary(self, page: Path) -> None:
        recording = read_page(page).first
        summary: Any = read_json(page.parent / "summary.json")
        for state, pages in recording["table"].items():
            assert pages[-1] == summary["page_states"][state[0]][state[1]]
        total = summary["host"]["total"]
        discarded = total["discards_volatile"] + total["discards_potentially_volatile"]
        others = [total[name] for name in ("discards_unused", "page_outs", "page_ins", "discard_faults")]
        assert recording["counts"][-1] == [discarded, *others]

    def test_the_map_has_as_many_pages_of_each_state_as_the_table(self, page: Path) -> None:
        found = read_page(page)
        assert found.first["pictures"] == list(range(len(found.first["work"])))
        for sample, states in enumerate(found.states):
            counted = dict.fromkeys(STATE_COLOURS, 0)
            for state in states:
                counted[name(state & 0x0F)] += 1
            assert counted == {state: pages[sample] for state, pages in found.first["table"].items()}

    def test_what_has_happened_is_what_the_host_has_counted(self, page: Path, tmp_path: Path) -> None:
        """Sampled so often that nothing happens to a page twice between two samples."""
        path, summary = tmp_path / "states.html", tmp_path / "summary.json"
        options = ("--sample-every", "10000", "--plot", str(path), "--json", str(summary))
        assert main([*SQUEEZED, *options]) == 0
        found = read_page(path)
        before = [0] * len(EVENTS)
        for events, counts in zip(found.events, found.first["counts"], strict=True):
            marked = [sum(bool(each >> bit & 1) for each in events) for bit in range(len(EVENTS))]
            assert marked == [count - one for count, one in zip(counts, before, strict=True)]
            before = counts
        assert all(before)
        # Looked at or not, it is the same run.
        plain = tmp_path / "plain.json"
        assert main([*SQUEEZED, "--sample-every", "10000", "--json", str(plain)]) == 0
        assert plain.read_bytes() == summary.read_bytes()

    def test_the_same_run_gives_the_same_page(self, page: Path, tmp_path: Path) -> None:
        again = tmp_path / "again.html"
        assert main([*SAMPLED, "--plan", str(page.parent / "plan.toml"), "--plot", str(again)]) == 0
        assert again.read_bytes() == page.read_bytes()

    def test_a_run_that_goes_on_gives_the_page_of_the_whole(self, tmp_path: Path) -> None:
        whole, rest, saved = (tmp_path / name for name in ("whole.html", "rest.html", "saved"))
        assert main([*SAMPLED, "--plot", str(whole), "--save-at", "2000000", str(saved)]) == 0
        assert main([*SAMPLED, "--plot", str(rest), "--from", str(saved)]) == 0
        assert rest.read_bytes() == whole.read_bytes()

    def test_each_guest_is_a_recording(self, tmp_path: Path) -> None:
        path, summary = tmp_path / "states.html", tmp_path / "summary.json"
        assert main([*SAMPLED, "--guests", "2", "--plot", str(path), "--json", str(summary)]) == 0
        recordings = read_page(path).data["recordings"]
        assert [each["name"] for each in recordings] == ["pressure.elf, guest 0", "pressure.elf, guest 1"]
        rows: Any = read_json(summary)["host"]["series"]["rows"]  # type: ignore[index]
        for guest, recording in enumerate(recordings):
            of_guest = [row for row in rows if row["guest"] == guest]
            assert recording["work"][:-1] == [row["work"] for row in of_guest]
            assert recording["table"]["Sr"][:-1] == [row["table"]["S"]["r"] for row in of_guest]
            assert recording["pictures"] == list(range(len(of_guest) + 1))

    def test_nothing_comes_from_elsewhere(self, page: Path) -> None:
        text = page.read_text()
        assert re.findall(r"\b(?:src|href)=|@import|url\(|fetch\(", text) == []
        assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A browser."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


class Shown:
    """A page in the browser."""

    def __init__(self, driver: WebDriver, path: Path) -> None:
        self.driver = driver
        driver.get_log("browser")  # type: ignore[no-untyped-call]  # of the page before
        driver.get(path.as_uri())
        self.wait(lambda: self.run("return document.body.dataset.ready"))

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until *condition* holds."""
        WebDriverWait(self.driver, 60).until(lambda _: condition())

    def run(self, program: str, *arguments: Any) -> Any:
        """What *program* returns in the page."""
        return self.driver.execute_script(program, *arguments)  # type: ignore[no-untyped-call]

    def press(self, selector: str, *keys: str) -> None:
        """Press *keys* on an element."""
        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(*keys)

    def texts(self, selector: str) -> list[str]:
        """The texts of these elements."""
        program = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
        found: list[str] = self.run(program, selector)
        return found

    def table(self) -> list[list[int]]:
        """The numbers of the accounting table: total, resident, preserved and zero of S, U, P, V and all."""
        cells = [int(text.replace(",", "")) for text in self.texts("table.accounting tbody td")]
        return [cells[first : first + 4] for first in range(0, len(cells), 4)]

    def colours(self) -> list[str]:
        """The colour of the middle of each page's cell on the first map."""
        found: list[str] = self.run(
            """
            const { canvas, cell, columns, recording } = panes[0].map;
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return [...Array(recording.pages).keys()].map((page) => {
              const [x, y] = [(page % columns) * cell + (cell >> 1), Math.floor(page / columns) * cell + (cell >> 1)];
              const pixel = [...data.slice(4 * (y * canvas.width + x)).slice(0, 3)];
              return "#" + pixel.map((part) => part.toString(16).padStart(2, "0")).join("");
            });
            """
        )
        return found

    def errors(self) -> list[Any]:
        """What the browser has complained of."""
        found: list[Any] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        # The tests read canvases, which the page itself does not.
        return [each for each in found if "willReadFrequently" not in each["message"]]


@pytest.fixture
def shown(chromium: WebDriver, page: Path) -> Iterator[Shown]:
    """The page of one run; whatever is done to it, there are no errors."""
    opened = Shown(chromium, page)
    yield opened
    assert opened.errors() == []


def expected_table(recording: dict[str, Any], sample: int) -> list[list[int]]:
    """The accounting table by the numbers in the page."""
    cells = [[recording["table"][usage + content][sample] for content in "rpz"] for usage in "SUPV"]
    rows = [[sum(row), *row] for row in cells]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]]


class TestShown:
    def test_the_slider_goes_through_all_samples(self, shown: Shown, page: Path) -> None:
        found = read_page(page)
        recording = found.first
        maps = set()
        before = [0] * len(EVENTS)
        for sample, work in enumerate(recording["work"]):
            assert f"sample {sample + 1} of {len(recording['work'])}: {work:,} units" in shown.texts("#when")[0]
            assert shown.table() == expected_table(recording, sample)
            counts = recording["counts"][sample]
            happened = zip(EVENTS.values(), counts, before, strict=True)
            assert shown.texts(".happened li") == [f"{words}: {count - one:,}" for words, count, one in happened]
            before = counts
            colours = shown.colours()
            for state, events, colour in zip(found.states[sample], found.events[sample], colours, strict=True):
                if not events & 0x11:
                    assert colour == STATE_COLOURS[name(state & 0x0F)][0]
            maps.add(tuple(colours))
            shown.press("#moment", Keys.ARROW_RIGHT)
        assert len(maps) > len(recording["work"]) // 2
        assert "half </script> way" in shown.texts("svg.chart text")

    def test_the_areas_are_as_high_as_there_are_pages(self, shown: Shown, page: Path) -> None:
        recording = read_page(page).first
        bands = shown.run(
            """
            const { svg } = panes[0].chart;
            const all = [...svg.querySelectorAll("polygon")];
            return all.map((band) => [band.dataset.state, [...band.points].map(({ x, y }) => [x, y])]);
            """
        )
        left, right, top, bottom = shown.run("return [panes[0].chart.x(0), panes[0].chart.width - 14, 12, 300 - 44]")
        samples, below = len(recording["work"]), [0] * len(recording["work"])
        assert [state for state, _ in bands] == [state for state in STATE_COLOURS if any(recording["table"][state])]
        for state, points in bands:
            upper, lower = points[:samples], points[samples:][::-1]
            for sample, work in enumerate(recording["work"]):
                above = below[sample] + recording["table"][state][sample]
                for (x, y), pages in ((upper[sample], above), (lower[sample], below[sample])):
                    assert x == pytest.approx(left + (right - left) * work / recording["work"][-1], abs=0.06)
                    assert y == pytest.approx(bottom - (bottom - top) * pages / recording["pages"], abs=0.06)
                below[sample] = above
        shown.press("#moment", Keys.END)
        assert float(shown.run("return panes[0].chart.now.getAttribute('x1')")) == pytest.approx(right)

    def test_back_and_to_both_ends(self, shown: Shown, page: Path) -> None:
        recording = read_page(page).first
        last = len(recording["work"]) - 1
        shown.press("#moment", Keys.END)
        assert shown.table() == expected_table(recording, last)
        shown.press("#moment", Keys.ARROW_LEFT)
        assert shown.table() == expected_table(recording, last - 1)
        shown.press("#moment", Keys.HOME)
        assert shown.table() == expected_table(recording, 0)
        shown.press("#on", " ")
        assert shown.table() == expected_table(recording, 1)
        shown.press("#back", " ")
        assert shown.table() == expected_table(recording, 0)

    def test_marks(self, shown: Shown, page: Path) -> None:
        found = read_page(page)
        sample = next(number for number, events in enumerate(found.events) if {1, 16} <= set(events))
        shown.run("showMoment(arguments[0])", sample)
        marked = {1: "#d6004d", 16: "#000000"}
        for events, colour in zip(found.events[sample], shown.colours(), strict=True):
            if events in marked:
                assert colour == marked[events]
        shown.press("#marks [value='1']", " ")
        shown.press("#marks [value='16']", " ")
        for state, colour in zip(found.states[sample], shown.colours(), strict=True):
            assert colour == STATE_COLOURS[name(state & 0x0F)][0]

    def test_one_page_by_the_keyboard(self, shown: Shown, page: Path) -> None:
        found = read_page(page)
        shown.run("showMoment(3)")
        columns = shown.run("return panes[0].map.columns")
        shown.press("canvas.map", Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.ARROW_RIGHT)
        number = 2 * columns + 1
        text = shown.texts(".chosen p")[0]
        state, key = found.states[3][number], found.keys[3][number]
        assert text.startswith(f"page {number:x} ({number << 12:x}): {name(state)}, ")
        assert f"; key {key:02x}: access {key >> 4}" in text
        sample, chosen = next(
            (sample, page)
            for sample, events in enumerate(found.events)
            for page, each in enumerate(events)
            if each & 0x10
        )
        shown.run("showMoment(arguments[0])", sample)
        shown.press("#page", Keys.CONTROL + "a" + Keys.NULL, f"{chosen:x}", Keys.RETURN)
        text = shown.texts(".chosen p")[0]
        assert text.startswith(f"page {chosen:x} (")
        assert "discard fault" in text
        states = [name(states[chosen]) for states in found.states]
        changes = [text.split(": ")[1].split(", ")[0] for text in shown.texts(".chosen li")]
        seen = [state for number, state in enumerate(states) if not number or state != states[number - 1]]
        assert [state for number, state in enumerate(changes) if not number or state != changes[number - 1]] == seen

    def test_keys(self, shown: Shown, page: Path) -> None:
        found = read_page(page)
        last = len(found.keys) - 1
        shown.press("#moment", Keys.END)
        shown.run("byId('view').value = 'use'; byId('view').dispatchEvent(new Event('change'))")
        colours = {0: "#dcdcdc", 4: "#1f4e79", 2: "#d6004d", 6: "#b8860b"}
        for key, events, colour in zip(found.keys[last], found.events[last], shown.colours(), strict=True):
            if not events & 0x11:
                assert colour == colours[key & 6]
        assert {key & 6 for key in found.keys[last]} > {0}

    def test_where_code_and_data_lie(self, shown: Shown, page: Path) -> None:
        areas = read_page(page).first["areas"]
        assert {area[0] for area in areas} == {"code", "data"}
        shown.run("byId('view').value = 'areas'; byId('view').dispatchEvent(new Event('change'))")
        colours = shown.colours()
        known = {"code": "#1f4e79", "data": "#b8860b"}
        names = list(dict.fromkeys(area[0] for area in areas))
        assert names == ["code", "data"]
        for area, first, count in areas:
            assert set(colours[first : first + count]) == {known[area]}
        assert colours[0] == "#e4e4e7"
        shown.run("showPage(0x11)")
        assert "code <console_signal>" in shown.texts(".chosen p")[0]

    def test_all_samples_as_a_table(self, shown: Shown, page: Path) -> None:
        recording = read_page(page).first
        shown.press(".numbers summary", " ")
        shown.wait(lambda: shown.texts(".whole tbody th"))
        titles, cells = shown.texts(".whole thead th"), shown.texts(".whole tbody th, .whole tbody td")
        rows = [dict(zip(titles, cells[first:], strict=False)) for first in range(0, len(cells), len(titles))]
        assert [row["work"] for row in rows] == [f"{work:,}" for work in recording["work"]]
        assert [row["label"] for row in rows] == recording["labels"]
        for state in ("Sr", "Sp", "Vz"):
            assert [row[state] for row in rows] == [f"{pages:,}" for pages in recording["table"][state]]
        faults = [counts[4] for counts in recording["counts"]]
        assert sum(int(row["discard fault"].replace(",", "")) for row in rows) == faults[-1]

    def test_in_the_dark(self, shown: Shown, page: Path) -> None:
        found = read_page(page)
        shown.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        )
        expected = [STATE_COLOURS[name(state & 0x0F)][1] for state in found.states[0]]
        try:
            shown.wait(lambda: shown.colours() == expected)
        finally:
            shown.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def test_moments_of_two_recordings(self, shown: Shown) -> None:
        """Samples of the same time belong together, the first of each and the second; others come one by one."""
        moments = shown.run("return momentsOf([{ work: [0, 5, 5, 9] }, { work: [3, 5, 7] }])")
        assert [(moment["work"], *moment["samples"]) for moment in moments] == [
            (0, 0, -1),
            (3, 0, 0),
            (5, 1, 1),
            (5, 2, 1),
            (7, 2, 2),
            (9, 3, 2),
        ]

    def test_cells_are_as_large_as_fits(self, shown: Shown) -> None:
        sizes = {
            (1024, 1174): {"columns": 64, "cell": 12},
            (65536, 1174): {"columns": 512, "cell": 2},
            (262144, 1174): {"columns": 512, "cell": 2},
            (262144, 540): {"columns": 512, "cell": 1},
            (262144, 300): {"columns": 256, "cell": 1},
        }
        for (pages, width), expected in sizes.items():
            assert shown.run("return layout(...arguments)", pages, width) == expected

    def test_a_small_cell_shows_the_fault(self, shown: Shown, page: Path) -> None:
        found = read_page(page)
        sample, number = next(
            (sample, page)
            for sample, events in enumerate(found.events)
            for page, each in enumerate(events)
            if each & 0x11 == 0x11
        )
        pixel = shown.run(
            """
            showMoment(arguments[0]);
            const map = new PageMap(document.body, DATA.recordings[0], panes[0].pages, 128, () => {});
            map.paint();
            const [x, y] = [arguments[1] % map.columns, Math.floor(arguments[1] / map.columns)];
            return [map.cell, ...map.canvas.getContext("2d").getImageData(x * map.cell, y * map.cell, 1, 1).data];
            """,
            sample,
            number,
        )
        assert pixel == [2, 0, 0, 0, 255]

    def test_there_is_nothing_to_choose_between(self, shown: Shown) -> None:
        assert shown.run("return [...document.querySelectorAll('.of-two')].every((each) => each.hidden)")
        assert shown.run("return performance.getEntriesByType('resource').length") == 0


def test_to_and_fro_among_many_samples(chromium: WebDriver, tmp_path: Path) -> None:
    path = tmp_path / "states.html"
    assert main([*SQUEEZED, "--sample-every", "90000", "--plot", str(path)]) == 0
    found = read_page(path)
    last = len(found.states) - 1
    assert last > 64
    shown = Shown(chromium, path)
    for sample in (last, 3, 40, 33, 32, 31, 0, 64, 63, last):
        shown.run("showMoment(arguments[0])", sample)
        for shows, expected in (("states", found.states), ("keys", found.keys), ("events", found.events)):
            assert shown.run(f"return [...panes[0].pages.{shows}]") == expected[sample]
    # From where there is no picture, the first one is what differs from nothing.
    shown.run("panes[0].pages.show(arguments[0]); panes[0].pages.show(-1); panes[0].pages.show(0)", last)
    assert shown.run("return [...panes[0].pages.states]") == found.states[0]
    for page in (0x105, 0x200):
        history = shown.run("return panes[0].pages.history(arguments[0])", page)
        assert [each["state"] for each in history] == [states[page] for states in found.states]
        assert [each["key"] for each in history] == [keys[page] for keys in found.keys]
        assert [each["events"] for each in history] == [events[page] for events in found.events]
    assert shown.errors() == []


def test_two_runs_side_by_side_and_the_third(chromium: WebDriver, tmp_path: Path) -> None:
    path = tmp_path / "states.html"
    assert main(["compare", *SAMPLED[1:], "--plot", str(path)]) == 0
    hints, none, balloon = read_page(path).data["recordings"]
    assert [each["name"] for each in (hints, none, balloon)] == ["hints", "none", "balloon"]
    shown = Shown(chromium, path)
    assert shown.texts("section h2") == ["hints: 1,024 pages (4 MB)", "none: 1,024 pages (4 MB)"]
    shown.press("#moment", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert shown.table() == expected_table(hints, 2) + expected_table(none, 2)
    shown.press("#right", "balloon")
    shown.wait(lambda: shown.texts("section h2")[1:] == ["balloon: 1,024 pages (4 MB)"])
    assert shown.table() == expected_table(hints, 2) + expected_table(balloon, 2)
    # The longer one goes on, the other stays as it was at last.
    shown.press("#moment", Keys.END)
    ends = [len(each["work"]) - 1 for each in (hints, balloon)]
    assert shown.table() == expected_table(hints, ends[0]) + expected_table(balloon, ends[1])
    # What is chosen last is shown, however long it takes to decode the one before.
    shown.run(
        """
        const [left, right] = [byId("left"), byId("right")];
        decoded.delete(2);
        const first = makePanes();
        right.value = "1";
        return Promise.all([first, makePanes()]);
        """
    )
    assert shown.texts("section h2")[1:] == ["none: 1,024 pages (4 MB)"]
    shown.press("#right", "nothing")
    shown.wait(lambda: len(shown.texts("section h2")) == 1)
    assert shown.table() == expected_table(hints, ends[0])
    assert shown.errors() == []
