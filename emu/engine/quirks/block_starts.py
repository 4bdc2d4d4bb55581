# SPDX-License-Identifier: GPL-2.0-or-later
"""What is translated at the start of each block: the budget, and the callback for blocks only where that must look.

While there is one callback for blocks, Unicorn (seen in 2.1.4) has the call translated by a function whose address
lies in its own structure.  There another one is put, which lets the common case be decided by translated code: a block
that was let begin before, in the same mode, and that fits in what is left.  For each translation there is a word in the
record; it holds how many instructions the block has, combined with the tag of the time, as
:func:`emu.engine.tables.block_tag` makes it::

    left -= word ^ tag
    block_start = the number of the translation, plus one
    if left < 0: call the other callback

With another tag the difference is negative, as it is when the word is still zero, or there is too little left.  The
other callback takes the subtraction back, does what the callback for blocks does, and sets the word.

Where the block is, the number says: its address is noted before, its size after it has been translated.  What costs
time at such a place is what is stored.  So the instruction address is not stored either, which Unicorn has put right
for the callback; where the other one is called, it is.

Whether somebody wants to stop, which Unicorn has asked by a call at the start of each block, is asked only behind the
call of the other callback: nobody else does who does not leave translated code at once (see
:mod:`emu.engine.quirks.exit_checks`).  The function by which calls are translated is replaced to leave that one out.

Blocks that are the target of an EXECUTE, those at odd addresses, and all while another callback for blocks is there,
are translated as Unicorn does it, with a call of the callback for blocks.
"""

from __future__ import annotations

import ctypes
import itertools
from functools import cache
from typing import Final

from emu.engine import compiled
from emu.engine.library import EngineError, Unicorn, exported_address
from emu.engine.quirks.linkage import slot_of
from emu.engine.quirks.translation import places
from emu.engine.record import Record, SharedRecord
from emu.engine.record_limits import MOST_STARTS

_GENERATE: Final = "tcg_gen_code_s390x"
_NEW_CALL: Final = "tcg_gen_callN_s390x"
_ASKING: Final = "helper_check_exit_request_s390x"
_ASK: Final = "check_exit_request_s390x"
_ORIGINAL: Final = "uc_add_inline_hook_s390x"
_OWN_BYTES: Final = 4096
"""So many bytes of Unicorn's structure are looked through."""
_HOOK_BYTES: Final = 96
_CALLBACK: Final = 40
_DATA: Final = 48
"""Offsets in what Unicorn keeps of a callback: its address, and what is handed to it."""
_OURS: Final = "the_block_callback"
_FUNCTION: Final = "translate_block_start"

# Numbers of the translator's.
_MOVE_CONSTANT, _LOAD, _STORE, _STORE_HALF, _SUBTRACT, _XOR, _PUT_LABEL = 64, 73, 77, 16, 79, 89, 1
_NOT_NEGATIVE: Final = 3
_WORD_TYPE: Final = 1
_LABEL_IS_PUT: Final = 1
_LINK, _BEFORE, _ARGUMENTS = 8, 16, 24
"""Offsets in an operation: of what links it to others, of the link of the one before, of its arguments."""
_CONSTANTS: Final = 4
"""So many operations lie between that which puts the instruction address right and our first one: each of the
callback's arguments is made by one."""
_SIZE: Final = 20
"""Offset in what Unicorn keeps of a block of its size, a halfword."""
_NOT_AS_KNOWN: Final = "Unicorn calls callbacks for blocks otherwise; this project needs Unicorn 2.1.4"


def _source() -> str:
    """The function in the compiler's intermediate language.

    A value's name, such as those for constants, is the distance of its record from the translator's context.
    """
    field = {name: getattr(Record, name).offset for name, *_ in Record._fields_}
    names = ["marker", *(f"operation_{number}" for number in range(_CONSTANTS + 1))]
    steps = "\n".join(f"    %{name} = call i64 @before(i64 %{behind})" for behind, name in itertools.pairwise(names))
    last, number_place = names[-1], field["block_start"]
    return f"""
declare void @{_ORIGINAL}(i64, i64, i64, i32)
declare void @{_OURS}(i64, i64, i32, i64)
@asks_already = internal global i8 0
@place_of_size = internal global i64 0
declare i32 @{_GENERATE}(i64, i64)
declare i64 @tcg_emit_op_s390x(i64, i32)
declare void @tcg_op_remove_s390x(i64, i64)
declare void @tcg_gen_op2_s390x(i64, i32, i64, i64)
declare void @{_NEW_CALL}(i64, i64, i64, i32, i64)
declare void @{_ASKING}(i64, i32)
declare void @{_ASK}(i64)
declare i64 @tcg_const_i64_s390x(i64, i64)
declare i64 @tcg_const_i32_s390x(i64, i32)
declare i64 @tcg_temp_new_internal_s390x(i64, i32, i32)
declare void @tcg_temp_free_internal_s390x(i64, i64)
declare void @tcg_gen_op1_s390x(i64, i32, i64)
declare void @tcg_gen_op3_s390x(i64, i32, i64, i64, i64)
declare i64 @gen_new_label_s390x(i64)
declare void @tcg_gen_brcondi_i64_s390x(i64, i32, i64, i64, i64)

define internal i64 @word(i64 %base, i64 %offset) alwaysinline {{
    %place = add i64 %base, %offset
    %pointer = inttoptr i64 %place to i64*
    %value = load i64, i64* %pointer
    ret i64 %value
}}

define i32 @our_{_GENERATE}(i64 %context, i64 %block) {{
    %place = load i64, i64* @place_of_size
    %is_ours = icmp ne i64 %place, 0
    br i1 %is_ours, label %note, label %go_on
note:
    store i64 0, i64* @place_of_size
    %from = add i64 %block, {_SIZE}
    %from_pointer = inttoptr i64 %from to i16*
    %half = load i16, i16* %from_pointer
    %size = zext i16 %half to i64
    %to_pointer = inttoptr i64 %place to i64*
    store i64 %size, i64* %to_pointer
    br label %go_on
go_on:
    %result = tail call i32 @{_GENERATE}(i64 %context, i64 %block)
    ret i32 %result
}}

define internal i64 @before(i64 %operation) alwaysinline {{
    %link = call i64 @word(i64 %operation, i64 {_BEFORE})
    %other = sub i64 %link, {_LINK}
    ret i64 %other
}}

define void @our_{_NEW_CALL}(i64 %context, i64 %function, i64 %result, i32 %count, i64 %arguments) {{
    %now = load i8, i8* @asks_already
    %asks_now = icmp ne i8 %now, 0
    br i1 %asks_now, label %look, label %as_before
look:
    %is_question = icmp eq i64 %function, ptrtoint (void (i64, i32)* @{_ASKING} to i64)
    br i1 %is_question, label %leave_out, label %as_before
leave_out:
    store i8 0, i8* @asks_already
    ret void
as_before:
    tail call void @{_NEW_CALL}(i64 %context, i64 %function, i64 %result, i32 %count, i64 %arguments)
    ret void
}}

define void @{_FUNCTION}(i64 %own, i64 %hook, i64 %arguments, i32 %count) {{
    %callback = call i64 @word(i64 %hook, i64 {_CALLBACK})
    %is_ours = icmp eq i64 %callback, ptrtoint (void (i64, i64, i32, i64)* @{_OURS} to i64)
    br i1 %is_ours, label %look, label %as_before
look:
    %record = call i64 @word(i64 %hook, i64 {_DATA})
    %used = call i64 @word(i64 %record, i64 {field["starts_used"]})
    %is_room = icmp ult i64 %used, {MOST_STARTS}
    %target_place = call i64 @word(i64 %record, i64 {field["execute_value_address"]})
    %target = call i64 @word(i64 %target_place, i64 0)
    %is_no_target = icmp eq i64 %target, 0
    %psw = call i64 @word(i64 %record, i64 {field["psw_address"]})
    %address = call i64 @word(i64 %psw, i64 8)
    %odd = and i64 %address, 1
    %is_even = icmp eq i64 %odd, 0
    %may_run = and i1 %is_no_target, %is_even
    %is_plain = and i1 %may_run, %is_room
    br i1 %is_plain, label %translate, label %as_before
as_before:
    tail call void @{_ORIGINAL}(i64 %own, i64 %hook, i64 %arguments, i32 %count)
    ret void
translate:
    %more = add i64 %used, 1
    %used_place = add i64 %record, {field["starts_used"]}
    %used_pointer = inttoptr i64 %used_place to i64*
    store i64 %more, i64* %used_pointer
    %distance = shl i64 %used, 3
    %start = add i64 %distance, {field["starts"]}
    %context = call i64 @word(i64 %own, i64 {places().context})
    %size_distance = add i64 %distance, {field["start_sizes"]}
    %size_place = add i64 %record, %size_distance
    store i64 %size_place, i64* @place_of_size
    %address_distance = add i64 %distance, {field["start_addresses"]}
    %address_place = add i64 %record, %address_distance
    %address_pointer = inttoptr i64 %address_place to i64*
    store i64 %address, i64* %address_pointer
    %marker = call i64 @tcg_emit_op_s390x(i64 %context, i32 0)
{steps}
    call void @tcg_op_remove_s390x(i64 %context, i64 %marker)
    %move_number_pointer = inttoptr i64 %{last} to i8*
    %move_number = load i8, i8* %move_number_pointer
    %is_move = icmp eq i8 %move_number, {_MOVE_CONSTANT}
    %moved_place = add i64 %{last}, {_ARGUMENTS}
    %moved = call i64 @word(i64 %moved_place, i64 0)
    %moved_value = call i64 @word(i64 %moved_place, i64 8)
    %is_address = icmp eq i64 %moved_value, %address
    %is_known = and i1 %is_move, %is_address
    %unused = call i64 @tcg_temp_new_internal_s390x(i64 %context, i32 {_WORD_TYPE}, i32 0)
    %moved_to = select i1 %is_known, i64 %unused, i64 %moved
    %moved_pointer = inttoptr i64 %moved_place to i64*
    store i64 %moved_to, i64* %moved_pointer
    %number = trunc i64 %more to i32
    %number_name = call i64 @tcg_const_i32_s390x(i64 %context, i32 %number)
    %number_value = add i64 %context, %number_name
    %base_name = call i64 @tcg_const_i64_s390x(i64 %context, i64 %record)
    %base = add i64 %context, %base_name
    %taken = call i64 @tcg_temp_new_internal_s390x(i64 %context, i32 {_WORD_TYPE}, i32 0)
    %tag = call i64 @tcg_temp_new_internal_s390x(i64 %context, i32 {_WORD_TYPE}, i32 0)
    %left = call i64 @tcg_temp_new_internal_s390x(i64 %context, i32 {_WORD_TYPE}, i32 0)
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_LOAD}, i64 %taken, i64 %base, i64 %start)
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_LOAD}, i64 %tag, i64 %base, i64 {field["block_tag"]})
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_XOR}, i64 %taken, i64 %taken, i64 %tag)
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_LOAD}, i64 %left, i64 %base, i64 {field["left"]})
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_SUBTRACT}, i64 %left, i64 %left, i64 %taken)
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_STORE}, i64 %left, i64 %base, i64 {field["left"]})
    call void @tcg_gen_op3_s390x(i64 %context, i32 {_STORE_HALF}, i64 %number_value, i64 %base, i64 {number_place})
    %label = call i64 @gen_new_label_s390x(i64 %context)
    %left_name = sub i64 %left, %context
    call void @tcg_gen_brcondi_i64_s390x(i64 %context, i32 {_NOT_NEGATIVE}, i64 %left_name, i64 0, i64 %label)

    br i1 %is_known, label %put_right, label %call_other
put_right:
    call void @tcg_gen_op2_s390x(i64 %context, i32 {_MOVE_CONSTANT}, i64 %moved, i64 %address)
    br label %call_other
call_other:
    %arguments_of_other = alloca [4 x i64]
    %own_name = call i64 @tcg_const_i64_s390x(i64 %context, i64 %own)
    %used_name = call i64 @tcg_const_i64_s390x(i64 %context, i64 %used)
    %none_name = call i64 @tcg_const_i32_s390x(i64 %context, i32 0)
    %record_name = call i64 @tcg_const_i64_s390x(i64 %context, i64 %record)
    %first = getelementptr [4 x i64], [4 x i64]* %arguments_of_other, i64 0, i64 0
    %second = getelementptr [4 x i64], [4 x i64]* %arguments_of_other, i64 0, i64 1
    %third = getelementptr [4 x i64], [4 x i64]* %arguments_of_other, i64 0, i64 2
    %fourth = getelementptr [4 x i64], [4 x i64]* %arguments_of_other, i64 0, i64 3
    %own_value = add i64 %context, %own_name
    %used_value = add i64 %context, %used_name
    %none_value = add i64 %context, %none_name
    %record_value = add i64 %context, %record_name
    store i64 %own_value, i64* %first
    store i64 %used_value, i64* %second
    store i64 %none_value, i64* %third
    store i64 %record_value, i64* %fourth
    %other_hook = call i64 @word(i64 %record, i64 {field["other_hook"]})
    %list = ptrtoint [4 x i64]* %arguments_of_other to i64
    call void @{_ORIGINAL}(i64 %own, i64 %other_hook, i64 %list, i32 4)
    call void @{_ASK}(i64 %context)
    store i8 1, i8* @asks_already

    %label_pointer = inttoptr i64 %label to i8*
    %label_bits = load i8, i8* %label_pointer
    %label_put = or i8 %label_bits, {_LABEL_IS_PUT}
    store i8 %label_put, i8* %label_pointer
    call void @tcg_gen_op1_s390x(i64 %context, i32 {_PUT_LABEL}, i64 %label)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %unused)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %number_value)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %base)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %taken)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %tag)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %left)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %own_value)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %used_value)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %none_value)
    call void @tcg_temp_free_internal_s390x(i64 %context, i64 %record_value)
    ret void
}}
"""


_CALLED: Final = (
    *(_ORIGINAL, _GENERATE, _NEW_CALL, _ASKING, _ASK, "tcg_emit_op_s390x", "tcg_op_remove_s390x", "tcg_gen_op2_s390x"),
    *("tcg_const_i64_s390x", "tcg_const_i32_s390x", "tcg_temp_new_internal_s390x"),
    *("tcg_temp_free_internal_s390x", "tcg_gen_op1_s390x", "tcg_gen_op3_s390x", "gen_new_label_s390x"),
    "tcg_gen_brcondi_i64_s390x",
)


@cache
def prepare() -> int:
    """Replace the functions that are called through the procedure linkage, once in a process; give the address of ours.

    :raises EngineError: if the library is not as it is known.
    """
    own = {_OURS: compiled.callbacks().block}
    replaced = (_NEW_CALL, _GENERATE)
    symbols = [_FUNCTION, *(f"our_{name}" for name in replaced)]
    address, *ours = compiled.functions("block_starts", _source(), _CALLED, symbols, own)
    for name, function in zip(replaced, ours, strict=True):
        ctypes.c_uint64.from_address(slot_of(name)).value = function
    return address


def mend(unicorn: Unicorn, hook: int, shared: SharedRecord) -> None:
    """Have *unicorn* decide the common case in translated code.

    :param hook: what registering the callback for blocks has given: where Unicorn keeps it.
    :param shared: the record that it was registered with.
    :raises EngineError: if the library is not as it is known.
    """
    kept = ctypes.create_string_buffer(ctypes.string_at(hook, _HOOK_BYTES), _HOOK_BYTES)
    callback, data = (ctypes.c_uint64.from_buffer(kept, offset) for offset in (_CALLBACK, _DATA))
    words = (ctypes.c_uint64 * (_OWN_BYTES // 8)).from_address(unicorn.address)
    original = exported_address(_ORIGINAL)
    found = [number for number, word in enumerate(words) if word == original]
    if (callback.value, data.value) != (compiled.callbacks().block, shared.address) or len(found) != 1:
        raise EngineError(_NOT_AS_KNOWN)
    callback.value = compiled.callbacks().other_block
    unicorn.keep(kept)
    shared.fields.other_hook = ctypes.addressof(kept)
    words[found[0]] = prepare()
