# SPDX-License-Identifier: GPL-2.0-or-later
"""Any steps in any order, under pressure: what cannot be done is an error, and everything else finds what it must."""

from __future__ import annotations

from random import Random

import pytest

from guest_kernel.scripted.scenarios.scenario import (
    Discard,
    Fork,
    Mlock,
    Mmap,
    Mprotect,
    Munlock,
    Munmap,
    Process,
    ProcessExit,
    ProcessLoad,
    ProcessStore,
    Read,
    Reclaim,
    Remap,
    ScenarioError,
    Step,
    TakeFrame,
    Tick,
    Truncate,
    Verify,
    Write,
    Writeback,
)
from tests.support.scenarios import AT, FILES, PAGE, hosted

STEPS = 60
BEGIN = (
    Process(name="p"),
    Process(name="q"),
    Mmap(process="p", at=AT, pages=20, file="data", shared=True),
    Mmap(process="p", at=AT + 20 * PAGE, pages=20, file="data", first=10),
    Mmap(process="p", at=AT + 40 * PAGE, pages=10),
    Mmap(process="q", at=AT, pages=5, file="log", shared=True),
)
END = (Verify(), Writeback(), Discard(), Verify())


def any_step(random: Random) -> Step:
    """A step that fits the scenario; whether the kernel can do it will be seen."""
    process, cpu = random.choice("pq"), random.randrange(2)
    at, few = AT + random.randrange(60) * PAGE, random.randint(1, 6)
    file = random.choice((FILES[0], *FILES))
    first = random.randrange(3)
    pages = random.randint(1, 5 - first) if file.pages == 5 else random.randint(1, 30)
    writable = random.random() < 0.7
    steps: tuple[Step, ...] = (
        ProcessLoad(process=process, at=at, pages=few, cpu=cpu),
        ProcessLoad(process=process, at=at, pages=2 * few, cpu=cpu),
        ProcessStore(process=process, at=at, pages=few, cpu=cpu),
        ProcessStore(process=process, at=at, pages=few, times=2, cpu=cpu),
        Mmap(process=process, at=at, pages=2 * few, file=file.name, first=first, shared=writable, cpu=cpu),
        Mmap(process=process, at=at, pages=few, file=file.name, first=first, shared=True, writable=writable, cpu=cpu),
        Mmap(process=process, at=at, pages=2 * few, shared=not writable, cpu=cpu),
        Munmap(process=process, at=at, pages=few, cpu=cpu),
        Mprotect(process=process, at=at, pages=few, writable=writable, cpu=cpu),
        Mlock(process=process, at=at, pages=1, cpu=cpu),
        Munlock(process=process, at=at, pages=few, cpu=cpu),
        Remap(process=process, at=at, pages=few, first=first, cpu=cpu),
        Read(file=file.name, first=first, pages=pages, cpu=cpu),
        Write(file=file.name, first=first, pages=pages, cpu=cpu),
        Writeback(cpu=cpu),
        Reclaim(pages=5 * few, cpu=cpu),
        Discard(),
        Discard(file=file.name),
        TakeFrame(page=f"{file.name}:{first}"),
        Tick(cpu=cpu, times=few),
        Verify(cpu=cpu),
    )
    return random.choice(steps)


def any_steps(random: Random) -> list[Step]:
    """Steps, among them the end of a process and its beginning as a copy of the other, and a truncation."""
    steps: list[Step] = [any_step(random) for _ in range(STEPS)]
    for ending, parent, at in (("q", "p", random.randint(31, 59)), ("p", "q", random.randint(1, 30))):
        steps[at:at] = [ProcessExit(process=ending), Fork(process=parent, child=ending)]
    # The pages that reads and writes name remain.
    steps.insert(random.randrange(len(steps)), Truncate(file="data", pages=random.randint(33, 60)))
    return steps


@pytest.mark.parametrize("patches", ((1, 2, 3, 4, 5, 6), (1, 2, 3, 4), (1, 2), (1,), ()))
@pytest.mark.parametrize("seed", range(4))
def test_every_byte_is_what_it_must_be(seed: int, patches: tuple[int, ...]) -> None:
    random = Random(seed)
    steps = (*BEGIN, *any_steps(random), *END)
    frames, swap_pages = random.choice((150, 220)), random.choice((0, 40))
    done = 0
    with hosted(*steps, frames=frames, swap_pages=swap_pages, patches=patches) as runner:
        for number, step in enumerate(runner.scenario.steps, 1):
            runner.world.begin(number, step.cpu, only_looks=step.only_looks)
            try:
                step.carry_out(runner.world)
            except ScenarioError:
                # It ends a scenario; here the others are to have their turn.
                continue
            done += 1
    assert done > STEPS // 2
