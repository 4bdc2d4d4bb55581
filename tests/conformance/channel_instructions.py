# SPDX-License-Identifier: GPL-2.0-or-later
"""Channel-subsystem instructions where there is no subchannel, no interruption, and no report."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState

SENTINEL = 0x3333_3333_3333_3333


def channels() -> Iterator[Case]:
    for name, code in (("store", "STSCH 0(2)"), ("modify", "MSCH 0(2)"), ("start", "SSCH 0(2)"), ("test", "TSCH 0(2)")):
        yield Case(
            name=f"subchannel-{name}",
            rule="A subchannel that is not there has cc 3.",
            source="PoP 14, I/O Instructions",
            basis=VERIFIED,
            registers={1: 0x1_FFFF, 2: "page1"},
            fill={"page1": 0},
            code=code,
            end=FinalState(cc=3),
        )
    yield Case(
        name="test-pending-interruption",
        rule="cc 0: no I/O interruption is pending.",
        source="PoP 14, Test Pending Interruption",
        basis=VERIFIED,
        controls={6: 0xFF00_0000},
        registers={2: "page1"},
        code="TPI 0(2)",
        end=FinalState(cc=0),
    )
    yield Case(
        name="store-channel-report-word",
        rule="cc 1: there is no report, and zeros are stored.",
        source="PoP 14, Store Channel Report Word",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": SENTINEL},
        code="STCRW 0(2)",
        end=FinalState(cc=1, storage={"page1": 0x3333_3333}),
    )


SECTION = CaseSection("Channel subsystem", tuple(channels()))
