# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans as TOML: every field, and one line that helps for everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.plan import (
    AtAccess,
    AtInstruction,
    AtWork,
    CorruptRead,
    DeviceError,
    DiscardVolatile,
    EvictFrame,
    FailRead,
    FailWrite,
    PlanError,
    PressurePlan,
    PressureStep,
    Resize,
    ShortRead,
    TakeSample,
)
from host.plan_file import parse_plan, read_plan


def error_of(text: str) -> str:
    """The message about the plan *text*, which is wrong."""
    with pytest.raises(PlanError) as raised:
        parse_plan(text, "x.toml")
    message = str(raised.value)
    assert "\n" not in message
    return message


def step_of(text: str) -> PressureStep:
    """The only step of the plan whose step has the fields in *text*."""
    (step,) = parse_plan(f"[[step]]\n{text}").steps
    return step


def test_a_whole_plan() -> None:
    plan = parse_plan(
        """
        [[step]]
        label = "squeeze"
        at_work = 2_000_000
        do = "resize"
        frames = 512

        [[step]]
        guest = 1
        at_access = "0x110000"
        count = 3
        do = "evict"
        page = 0x200000

        [[step]]
        at_instruction = "0x14650"
        do = "discard-volatile"
        """
    )
    assert plan == PressurePlan(
        (
            PressureStep(AtWork(2_000_000), Resize(512), label="squeeze"),
            PressureStep(AtAccess(0x110000, count=3), EvictFrame(0x200000), guest=1),
            PressureStep(AtInstruction(0x14650), DiscardVolatile()),
        )
    )


@pytest.mark.parametrize(
    ("text", "action"),
    (
        ('do = "resize"\nframes = 1', Resize(1)),
        ('do = "resize"\nsize = "2M"', Resize(512)),
        ('do = "resize"\nsize = "8k"', Resize(2)),
        ('do = "resize"\nsize = "4096"', Resize(1)),
        ('do = "evict"\npage = "0X1000"', EvictFrame(0x1000)),
        ('do = "fail-write"', FailWrite()),
        ('do = "fail-write"\nnth = 2\ntimes = 3\nerror = "ENOSPC"', FailWrite(2, 3, DeviceError.ENOSPC)),
        ('do = "fail-read"\nnth = 2\ntimes = 3', FailRead(2, 3)),
        ('do = "corrupt-read"\ntimes = 3', CorruptRead(1, 3)),
        ('do = "short-read"\nnth = 2', ShortRead(2)),
        ('do = "sample"', TakeSample()),
    ),
)
def test_actions(text: str, action: object) -> None:
    assert step_of(f"at_work = 0\n{text}").action == action


@pytest.mark.parametrize(
    ("text", "trigger"),
    (
        ("at_work = 10", AtWork(10)),
        ("at_work = 10\nevery = 5", AtWork(10, 5)),
        ("at_work = 10\nevery = 5\nrounds = 3", AtWork(10, 5, 3)),
        ("at_instruction = 0x10000\ncount = 2", AtInstruction(0x10000, 2)),
        ('at_access = "0xa000"', AtAccess(0xA000)),
    ),
)
def test_triggers(text: str, trigger: object) -> None:
    assert step_of(f'{text}\ndo = "sample"').trigger == trigger


@pytest.mark.parametrize(
    ("fields", "message"),
    (
        # A field that is unknown, or of something else
        ('at_work = 0\ndo = "evict"\npgae = 0', "3: step 1: pgae: unknown; expected do, at_work, every, rounds, page,"),
        ('at_work = 0\nnth = 1\ndo = "evict"\npage = 0', "2: step 1: nth: does not belong to this trigger and action;"),
        ('at_work = 0\ncount = 2\ndo = "sample"', "2: step 1: count: does not belong to this trigger and action;"),
        ('at_access = 0\ndo = "sample"\nevery = 2', "3: step 1: every: does not belong to this trigger and action;"),
        ('at_work = 0\ndo = "sample"\nsize = "2M"', "3: step 1: size: does not belong to this trigger and action;"),
        # Triggers
        ('do = "sample"', "0: step 1: expected exactly one trigger, at_work, at_instruction or at_access; found none"),
        (
            'at_work = 0\nat_access = 0\ndo = "sample"',
            "2: step 1: at_access: expected exactly one trigger, at_work, at_instruction or at_access; found at_work",
        ),
        # Actions
        ("at_work = 0", "0: step 1: do: missing; expected resize, evict, discard-volatile, fail-write,"),
        ('at_work = 0\ndo = "shrink"', "2: step 1: do: expected resize, evict, discard-volatile, fail-write,"),
        ("at_work = 0\ndo = 5", "2: step 1: do: expected resize, evict, discard-volatile, fail-write,"),
        ("at_work = 0\ndo = []", "2: step 1: do: expected resize, evict, discard-volatile, fail-write,"),
        # Missing
        ('at_work = 0\ndo = "evict"', "0: step 1: page: missing"),
        ('at_work = 0\ndo = "resize"', "0: step 1: frames: missing"),
        # Types
        ('at_work = "soon"\ndo = "sample"', "1: step 1: at_work: expected int, got str"),
        ('at_work = true\ndo = "sample"', "1: step 1: at_work: expected int, got bool"),
        ('at_work = 1.5\ndo = "sample"', "1: step 1: at_work: expected int, got float"),
        ('at_work = 0\nguest = "a"\ndo = "sample"', "2: step 1: guest: expected int, got str"),
        ('at_work = 0\nlabel = 1\ndo = "sample"', "2: step 1: label: expected str, got int"),
        ('at_work = 0\ndo = "evict"\npage = [1]', "3: step 1: page: expected int, got array"),
        ('at_work = 0\ndo = "evict"\npage = 1979-05-27', "3: step 1: page: expected int, got date"),
        ('at_work = 0\ndo = "evict"\npage = "1000"', '3: step 1: page: expected an address such as "0x110000", not'),
        ('at_work = 0\ndo = "evict"\npage = "0x-1"', '3: step 1: page: expected an address such as "0x110000", not'),
        (
            'at_work = 0\ndo = "fail-write"\nerror = "EPERM"',
            "3: step 1: error: expected EIO or ENOSPC, not 'EPERM'",
        ),
        ('at_work = 0\ndo = "fail-write"\nerror = 5', "3: step 1: error: expected str, got int"),
        # Ranges
        ('at_work = -1\ndo = "sample"', "1: step 1: at_work: expected 0 or more, below 0x4000000000000000, not -1"),
        ('at_work = 0\ndo = "evict"\npage = 1', "3: step 1: page: expected an address of at most 64 bits, a multiple"),
        ('at_instruction = "0x1"\ndo = "sample"', "1: step 1: at_instruction: expected an address of at most 64 bits"),
        ('at_work = 0\nguest = -1\ndo = "sample"', "2: step 1: guest: expected 0 or more"),
        ('at_work = 0\nrounds = 2\ndo = "sample"', "2: step 1: rounds: expected only together with every"),
        ('at_work = 0\ndo = "resize"\nframes = 0', "3: step 1: frames: expected 1 or more"),
        ('at_work = 0\ndo = "resize"\nframes = 1\nsize = "4K"', "4: step 1: size: expected either frames or size"),
        ('at_work = 0\ndo = "resize"\nsize = "5000"', '3: step 1: size: expected a size such as "2M", a multiple of'),
        ('at_work = 0\ndo = "resize"\nsize = "0"', '3: step 1: size: expected a size such as "2M", a multiple of 4K'),
        ('at_work = 0\ndo = "resize"\nsize = "lots"', '3: step 1: size: expected a size such as "2M", a multiple of'),
        ('at_work = 0\ndo = "resize"\nsize = 4096', '3: step 1: size: expected a size such as "2M", a multiple of 4K'),
    ),
)
def test_wrong_steps(fields: str, message: str) -> None:
    line, rest = message.split(":", 1)
    # One line, the header, comes before the fields.
    assert error_of(f"[[step]]\n{fields}\n").startswith(f"x.toml:{int(line) + 1}:{rest}")


def test_the_line_is_that_of_the_wrong_step() -> None:
    text = '# a plan\n[[step]]\nat_work = 1\ndo = "sample"\n\n[[ step ]] # the next\nat_work = 2\ndo = "smaple"\n'
    assert error_of(text).startswith("x.toml:8: step 2: do: ")
    assert error_of(text).endswith(" or sample, not 'smaple': did you mean sample?")


def test_no_line_if_the_steps_are_not_laid_out_as_tables() -> None:
    assert error_of('step = [{at_work = 1, do = "x"}]').startswith("x.toml: step 1: do: ")


def test_no_line_if_a_text_looks_like_a_step() -> None:
    text = '[[step]]\nlabel = """\n[[step]]\n"""\nat_work = 1\ndo = "x"\n'
    assert error_of(text).startswith("x.toml: step 1: do: ")


def test_a_huge_number_is_shown_all_the_same() -> None:
    assert error_of(f'[[step]]\nat_work = 0x1{"0" * 5000}\ndo = "sample"').startswith("x.toml:2: step 1: at_work: ")
    assert error_of(f'[[step]]\nat_work = 0\ndo = "resize"\nsize = "{"9" * 5000}"').startswith("x.toml:4: step 1: size")


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("[[step]\n", "x.toml:1: not TOML: "),
        ("[[step]]\nat_work =\n", "x.toml:2: not TOML: "),
        ("[[step]]\nat_work = 1\nat_work = 2\n", "x.toml:3: not TOML: "),
        pytest.param("a = " + "[" * 100_000, "x.toml: not TOML that can be read: it is nested too deeply", id="nested"),
        pytest.param("a = " + "9" * 5000, "x.toml: not TOML: ", id="digits"),
        ("", "x.toml: step: expected at least one [[step]] table"),
        ("step = []", "x.toml:1: step: expected at least one [[step]] table"),
        ("\n[step]\nat_work = 1\n", "x.toml:2: step: expected at least one [[step]] table"),
        ("step = 5", "x.toml:1: step: expected at least one [[step]] table"),
        ("step = [5]", "x.toml: step 1: expected a table, not 5"),
        ("[[step]]\nat_work = 1\n[[stpe]]\n", "x.toml:3: 'stpe': unknown; expected nothing but [[step]] tables"),
        ("frames = 5\n[[step]]\n", "x.toml:1: 'frames': unknown; expected nothing but [[step]] tables"),
    ),
)
def test_wrong_files(text: str, message: str) -> None:
    assert error_of(text).startswith(message)


def test_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[[step]]\nat_work = 5\ndo = "sample"\n')
    assert read_plan(path) == PressurePlan((PressureStep(AtWork(5), TakeSample()),))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.toml: cannot be read: No such file"):
        read_plan(tmp_path / "none.toml")
    with pytest.raises(PlanError, match="cannot be read: Is a directory"):
        read_plan(tmp_path)
    binary = tmp_path / "binary"
    binary.write_bytes(b"[[step]]\n\xff\n")
    with pytest.raises(PlanError, match="not TOML: expected UTF-8, found 0xff"):
        read_plan(binary)


VALUES = st.one_of(st.integers(), st.booleans(), st.text('0x1Meé\n"', max_size=5))
ACTIONS_AND_WORSE = st.sampled_from(("evict", "resize", "fail-write", "sample", "drop", 5))
FIELDS = st.sampled_from(("at_work", "at_access", "page", "frames", "size", "every", "guest", "label", "nth", "x"))


@given(st.dictionaries(FIELDS, VALUES), ACTIONS_AND_WORSE)
def test_any_step_is_a_step_or_an_error_of_one_line(fields: dict[str, object], action: object) -> None:
    def toml(value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
        return str(value)

    text = "[[step]]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in {"do": action, **fields}.items())
    try:
        result = str(parse_plan(text, "x.toml").steps[0])
    except PlanError as reason:
        result = str(reason)
    assert result.startswith(("PressureStep(", "x.toml:"))
    assert "\n" not in result
