# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen: its parts, its keys, and what they do with the session."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Static

from tools.screen import interruptions, listing, low_core, page_map, program_status, registers
from tools.screen.looked_at import LookedAt
from tools.screen.page_map import PageMap
from tools.screen.panes import CommandLine, Pane
from tools.screen.sources import SourceTexts
from tools.stepping.lines import execute

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tools.consoles.console import GuestConsole
    from tools.screen.screen_stepper import ScreenStepper

LOWER: Final = ("messages", "low core", "interruptions", "console")
"""What there is in the lower right part, by the digits that choose it."""
HELP: Final = (
    "s step, b back, g go, r go back to the last stop, n over a call, f to the end of the function",
    "Ctrl-C or Escape: stop what runs; q: quit",
    "':' any command of 'essa step' (:help), Up and Down bring back earlier ones, Escape leaves",
    "v other registers; 1 2 3 4: messages, low core, interruptions, console, Page Up and Page Down",
    "map: arrows move, + and - zoom, k storage keys",
)
_CONSOLE_SHOWN: Final = 20_000
_REFRESHED_EVERY: Final = 0.5
_WIDE: Final = 76
_LOW: Final = 6
"""Lines of a map that has none left for what belongs to it."""


class MachineScreen(App[None]):
    """A session on the full screen."""

    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = None
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,enter", "execute('s')", "step"),
        Binding("b", "execute('back')", "back"),
        Binding("g,c", "execute('g')", "go"),
        Binding("r", "execute('rg')", "go back"),
        Binding("n", "execute('over')", "over"),
        Binding("f", "execute('finish')", "finish", show=False),
        Binding("v", "registers", "registers"),
        Binding("k", "keys", "storage keys"),
        Binding("plus,equals_sign", "zoom(-1)", "zoom", key_display="+-"),
        Binding("minus", "zoom(1)", "zoom out", show=False),
        *(Binding(str(number), f"lower('{name}')", show=False) for number, name in enumerate(LOWER, 1)),
        Binding("left", "move(-1, 0)", show=False),
        Binding("right", "move(1, 0)", show=False),
        Binding("up", "move(0, -1)", show=False),
        Binding("down", "move(0, 1)", show=False),
        Binding("pageup", "scroll_lower(-1)", show=False),
        Binding("pagedown", "scroll_lower(1)", show=False),
        # Before the next key is looked at, which belongs to the command already.
        Binding("colon", "type", show=False, priority=True),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
        Binding("question_mark", "help", "keys", key_display="?"),
        Binding("q", "end", "quit"),
    ]

    def __init__(self, stepper: ScreenStepper, console: GuestConsole, image: Path) -> None:
        """Show the session of *stepper*, whose guest writes on *console*, and whose program is in the file *image*."""
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
        self.stepper = stepper
        self.session = stepper.session
        self.map = PageMap(self.session.machine.memory >> 12)
        self.before = LookedAt(self.session)
        self.kind = registers.KINDS[0]
        self.lower = LOWER[0]
        self._console = console
        self._program = image.stem
        self._sources = SourceTexts(Path(), image.parent)
        self._under_way = ""
        self._has_ended = False

    # What is on the screen

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield self._pane("state", lambda *_: self._state())
        yield self._pane("psw", lambda *_: program_status.draw(self.session, self.before))
        with Horizontal(id="upper"):
            yield self._pane("listing", lambda _, height: listing.draw(self.session, height, self._sources))
            yield self._pane("registers", lambda *_: registers.draw(self.session.cpu, self.kind, self.before))
        with Horizontal(id="lower"):
            yield self._pane("map", self._draw_map)
            with VerticalScroll(id="list", can_focus=False):
                yield Static(id="text")
        yield CommandLine()
        yield Footer(compact=True, show_command_palette=False)

    def _pane(self, name: str, draw: Callable[[int, int], Text]) -> Pane:
        return Pane(name, draw, lambda: not self._under_way)

    def on_mount(self) -> None:
        """Show the machine, and while it runs, how far it is."""
        self.set_interval(_REFRESHED_EVERY, self._show_progress)
        self.show_machine()

    def _state(self) -> Text:
        machine, cpu = self.session.machine, self.session.cpu
        text = Text(f"{self._program}  instruction {machine.executed:,}  cpu {cpu.address}", "reverse", no_wrap=True)
        if len(machine.cpus) > 1:
            text.append(f" of {len(machine.cpus)}")
        stop = self.stepper.stop
        if stop is not None:
            text.append(f"  stopped: {stop.text}")
        return text

    def _draw_map(self, width: int, height: int) -> Text:
        configuration = self.session.machine.configuration
        states, keys = configuration.states.array, configuration.keys.array
        is_low = height < _LOW
        self.map.resize(width, height - (1 if is_low else 2))
        changed = self.before.changed_pages(self.session, is_of_keys=self.map.shows_keys)
        text = self.map.draw(states, keys, changed)
        text.append(f"\n{page_map.describe(self.map.cursor, states, keys)}", "bold")
        if not is_low:
            text.append(f"\n{page_map.totals(states)}", "dim")
        return text

    def show_machine(self) -> None:
        """Draw everything anew."""
        for pane in self.query(Pane):
            pane.refresh()
        # After the panes are drawn, since the map knows only then how many pages a cell has.
        self.call_after_refresh(self._show_titles)
        self._show_lower()

    def _show_titles(self) -> None:
        what = "storage keys" if self.map.shows_keys else "pages"
        per_cell = self.map.pages_per_cell
        pages = "1 page" if per_cell == 1 else f"{per_cell:,} pages"
        self.query_one("#map").border_title = f"{what} from {self.map.first << 12:x}: {pages} a cell"
        self.query_one("#listing").border_title = "instructions"
        self.query_one("#registers").border_title = f"registers: {self.kind} (v: others)"
        # The others by their digits alone, for which there is room even in a narrow terminal.
        digits = (f"{number} {n}" if n == self.lower else str(number) for number, n in enumerate(LOWER, 1))
        self.query_one("#list").border_title = "  ".join(digits)

    def _show_lower(self) -> None:
        if self._under_way:
            return
        cpu = self.session.cpu
        match self.lower:
            case "low core":
                text = low_core.draw(cpu, self.before)
            case "interruptions":
                text = interruptions.draw(self.session)
            case "console":
                text = Text(self._console.text[-_CONSOLE_SHOWN:])
            case _:
                text = Text("\n".join(self.stepper.messages))
        self.query_one("#text", Static).update(text)
        scrolled = self.query_one("#list", VerticalScroll)
        if self.lower in ("messages", "console"):
            scrolled.scroll_end(animate=False)
        else:
            scrolled.scroll_home(animate=False)

    def _show_progress(self) -> None:
        if self._under_way:
            executed = self.session.machine.executed
            self.query_one("#list").border_title = f"{self._under_way}: instruction {executed:,} (Ctrl-C ends it)"

    # What the keys do

    def action_execute(self, line: str) -> None:
        """Execute a command of the console, beside the screen."""
        if not self._under_way:
            self._under_way = line or "s"
            self.run_worker(self._execute(line))

    async def _execute(self, line: str) -> None:
        before = LookedAt(self.session)
        try:
            is_more = await asyncio.to_thread(self.stepper.command, line)
        finally:
            self._under_way = ""
        if not is_more or self._has_ended:
            self.exit()
            return
        self._came_from(before)
        self.show_machine()

    def _came_from(self, before: LookedAt) -> None:
        """Show what has changed since *before*; the cursor of the map goes to the first page that has."""
        self.before = before
        changed = before.changed_pages(self.session, is_of_keys=self.map.shows_keys)
        if len(changed):
            self.map.show(int(changed[0]))

    def follow(self, line: str) -> None:
        """Execute a *line* before somebody sees the screen.

        :raises CommandError: if it is wrong.
        """
        before = LookedAt(self.session)
        execute(self.stepper, line)
        self._came_from(before)

    def on_input_submitted(self, event: CommandLine.Submitted) -> None:
        """Execute what was typed."""
        if not self._under_way:
            line = self.query_one(CommandLine).take()
            self.set_focus(None)
            self.action_execute(line)

    def action_type(self) -> None:
        """Go to the command line, at once."""
        self.screen.set_focus(self.query_one(CommandLine))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon inside of a command is none that begins one."""
        return action != "type" or self.focused is None

    def action_leave(self) -> None:
        """Leave the command line; elsewhere, end what the machine does."""
        if self.focused is not None:
            self.set_focus(None)
        else:
            self.stepper.interrupt()

    def action_interrupt(self) -> None:
        """End what the machine does."""
        self.stepper.interrupt()

    def action_end(self) -> None:
        """End the screen, and before it what the machine does."""
        self._has_ended = True
        self.stepper.interrupt()
        if not self._under_way:
            self.exit()

    def action_registers(self) -> None:
        """Show the next kind of registers."""
        self.kind = registers.KINDS[(registers.KINDS.index(self.kind) + 1) % len(registers.KINDS)]
        self.show_machine()

    def action_keys(self) -> None:
        """Lay the storage keys over the map, or take them away."""
        self.map.shows_keys = not self.map.shows_keys
        self.show_machine()

    def action_zoom(self, by: int) -> None:
        """Have more pages in a cell of the map, or fewer."""
        self.map.zoom(by)
        self.show_machine()

    def action_move(self, cells: int, lines: int) -> None:
        """Move the cursor of the map."""
        self.map.move(cells, lines)
        self.show_machine()

    def action_help(self) -> None:
        """Say which keys there are, and what the letters of the map are."""
        if not self._under_way:
            self.stepper.messages += [*HELP, *(page_map.KEY_LEGEND if self.map.shows_keys else page_map.LEGEND)]
            self.action_lower("messages")

    def action_lower(self, name: str) -> None:
        """Show something else at the lower right."""
        self.lower = name
        self.show_machine()

    def action_scroll_lower(self, by: int) -> None:
        """Scroll there."""
        scrolled = self.query_one("#list", VerticalScroll)
        if by < 0:
            scrolled.scroll_page_up(animate=False)
        else:
            scrolled.scroll_page_down(animate=False)
