# SPDX-License-Identifier: GPL-2.0-or-later
"""A report of every outcome."""

from __future__ import annotations

from tools.conform.results import Check, Entry, Outcome, Result, SuiteReport, totals

STEPS = ("the last instructions and interruptions:", "  cpu 0: S 0000000000010000 (b9ab1023) ESSA 2,3,1")
RESULTS = (
    Result(
        Entry("right", ("ESSA",), "A page that is stable stays so.", "reference 2.1", "verified", "Page hinting"),
        Outcome.PASSED,
        checks=(Check("PASS", "stays"), Check("SKIP", "moves", text="no # such facility")),
        instructions=1234,
        seconds=0.5,
    ),
    Result(
        Entry("wrong", ("ESSA",), "A page </script> becomes volatile."),
        Outcome.FAILED,
        "becomes",
        checks=(
            Check("FAIL", "becomes", "reference 2.2", "old state: expected Sr, not Vr"),
            Check("XPASS", "late", ways=("free", "stepped")),
        ),
        console="FAIL: becomes\x00\n",
        last_steps=STEPS,
    ),
    Result(Entry("odd", ("PSW",)), Outcome.KNOWN, "as it was made", checks=(Check("FAIL", "bit 12"),)),
    Result(Entry("absent", ("PSW",)), Outcome.SKIPPED, "no such facility"),
    Result(Entry("strange"), Outcome.UNSUPPORTED, "sysreset: not known"),
    Result(Entry("slow"), Outcome.TIMEOUT, "not ended in time"),
    Result(Entry("lost"), Outcome.STOPPED, "the process of 'lost' has ended with signal 11"),
)


def report(*results: Result, not_run: tuple[str, ...] = ()) -> SuiteReport:
    """A report of *results*."""
    return SuiteReport("a suite", "a machine", totals(results), results, not_run, 1.5)
