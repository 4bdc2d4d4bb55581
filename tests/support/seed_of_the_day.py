# SPDX-License-Identifier: GPL-2.0-or-later
"""The seed by which random programs of the day are made: others each day, and the same all day."""

from __future__ import annotations

import datetime as dt


def seed_of_the_day() -> int:
    """The first of many seeds; the next day's are others."""
    return dt.datetime.now(tz=dt.UTC).date().toordinal() * 10_000
