# SPDX-License-Identifier: GPL-2.0-or-later
"""The record that Python and the compiled callbacks of one engine share: every field, declared once.

Python sees it as a structure, whose attributes are its fields, and its tables as arrays; a callback gets its address
and sees the same fields with :data:`RECORD_TYPE`.  To read or write a field costs Python as much as an element of an
array.  All numbers are unsigned words of 64 bits.
"""

from __future__ import annotations

import ctypes
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt

from emu.engine.record_entries import ContextEntry, MemoEntry, ShownPage
from emu.engine.record_fields import FieldWriter, Word, declare_fields
from emu.engine.record_limits import (
    CONDITIONS,
    CONTEXTS,
    EPOCHS,
    FACILITY_WORDS,
    FILLS,
    FOLLOWED_BITS,
    FOLLOWED_CHANGES,
    FOLLOWED_WORDS,
    MEMO_BLOCKS,
    MOST_CPUS,
    MOST_FILLED,
    MOST_INSTRUCTIONS,
    MOST_STARTS,
    MOST_SUPPLIED,
    NO_PAGE,
    PAGES,
    STOP_BITS,
    SUPERVISOR_CALLS,
    WATCHED_BITS,
)
from emu.page_states import OperationRequest
from emu.sparse_zeros import sparse_zeros


class Record(ctypes.Structure):
    """The shared record."""

    # The budget of a run, in units of work.
    left: Annotated[Word, FieldWriter.BOTH]
    """What is left of *bound*; the work of a compiled instruction may make it negative, as a signed number."""
    bound: Annotated[Word, FieldWriter.BOTH]
    """Units to the nearer one of goal and limit, as far as it was known when it was set."""
    goal: Annotated[Word, FieldWriter.BOTH]
    """Units after which no instruction may begin."""
    limit: Annotated[Word, FieldWriter.PYTHON]
    """Instructions that must not be exceeded."""
    reason: Annotated[Word, FieldWriter.BOTH]
    """Why a callback stopped the engine: a StopReason."""

    # The block that began last.
    block_address: Annotated[Word, FieldWriter.BOTH]
    block_size: Annotated[Word, FieldWriter.BOTH]
    """Bytes."""
    block_start: Annotated[Word, FieldWriter.BOTH]
    """If it is not zero, the block began last by which translated code has put this number: the place of what is known
    of it among the translations, plus one; see emu.engine.quirks.block_starts, as for the next four."""
    block_tag: Annotated[Word, FieldWriter.BOTH]
    """What the words of translations that may begin are combined with."""
    generation: Annotated[Word, FieldWriter.PYTHON]
    """How often blocks have been forgotten, of which the tag is made."""
    starts_used: Annotated[Word, FieldWriter.PYTHON]
    """How many of the words are in use: the translator takes the next one for each block."""
    other_hook: Annotated[Word, FieldWriter.SETUP]
    """Address of what Unicorn is told of the other callback for blocks."""

    # Where instructions come from.
    mode: Annotated[Word, FieldWriter.BOTH]
    """Which space instructions come from: 0 real, 1 primary, 2 primary while operands are elsewhere, 3 home; and if
    addresses are short.  It distinguishes equal addresses, and what is intercepted there."""
    context: Annotated[Word, FieldWriter.BOTH]
    """What the remembered fills must have been made in to be good now: see emu.engine.fills.  NO_CONTEXT while nothing
    may be answered but by Python."""
    known_context: Annotated[Word, FieldWriter.BOTH]
    """The same but for what the PSW says; zero if it has to be found."""
    uses_access_registers: Annotated[Word, FieldWriter.PYTHON]
    """Whether it is of a program whose operands are in the spaces of access registers."""
    last_context: Annotated[Word, FieldWriter.BOTH]
    """The number that was given to a context last."""
    forgotten_context: Annotated[Word, FieldWriter.BOTH]
    """Of contexts up to this number, nothing is remembered."""
    has_changed_context: Annotated[Word, FieldWriter.BOTH]
    """Whether a compiled instruction has changed it, or has made translations be forgotten."""
    allowed_target: Annotated[Word, FieldWriter.PYTHON]
    """The pending EXECUTE target that Python has looked at and lets through."""

    # Unicorn's own words and functions.
    stop_function: Annotated[Word, FieldWriter.SETUP]
    """Address of uc_emu_stop."""
    control_function: Annotated[Word, FieldWriter.SETUP]
    """Address of uc_ctl."""
    engine_address: Annotated[Word, FieldWriter.SETUP]
    """Address of Unicorn's own structure."""
    buffers_used_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the word that says which of Unicorn's own buffers may have been filled: see
    emu.engine.quirks.small_buffer, as for the next three."""
    buffer_descriptions_address: Annotated[Word, FieldWriter.SETUP]
    """Address of what is said of these buffers."""
    buffer_tables_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the words on where they are."""
    blocks_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the blocks that it has found last."""
    filled_count: Annotated[Word, FieldWriter.CALLBACK]
    """How many fills there have been since that buffer was flushed by compiled code; one more than are noted if these
    are not all."""
    filled: Annotated[ctypes.Array[ctypes.c_uint64], MOST_FILLED, FieldWriter.CALLBACK]
    """Those that are noted: the number of the page, one bit to the left, and whether instructions were fetched."""
    has_shown_sink: Annotated[Word, FieldWriter.BOTH]
    """Whether the page of zeros was shown in place of one around the code: see emu.engine.quirks.look_behind."""
    fill_function: Annotated[Word, FieldWriter.SETUP]
    """Address of the function that is asked for a fill that is not remembered."""
    registers_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the general registers."""
    vector_registers_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the vector registers, each of two doublewords."""
    psw_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the PSW: two doublewords, the mask that Unicorn runs with and the instruction address."""
    cc_operation_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the 32 bits that say how Unicorn will compute the condition code."""
    cc_operands_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the three doublewords that it may have to be computed from."""
    execute_value_address: Annotated[Word, FieldWriter.SETUP]
    """Address of Unicorn's word that holds the pending target of an EXECUTE."""
    breaking_event_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the breaking-event-address register."""
    interruption_address: Annotated[Word, FieldWriter.SETUP]
    """Address of Unicorn's words on the interruption reported last."""
    candidates_address: Annotated[Word, FieldWriter.PYTHON]
    """Address of the table of candidate instructions."""
    frame_distance: Annotated[Word, FieldWriter.SETUP]
    """From the engine-physical address of the frame pool to its address in this process."""

    # The configuration and the CPU, for compiled instructions.
    storage_pages: Annotated[Word, FieldWriter.SETUP]
    """How many pages absolute storage has."""
    pool_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the frame pool."""
    asks_host: Annotated[Word, FieldWriter.SETUP]
    """Whether the host is to be asked for every frame; otherwise the next four say where to look."""
    locations_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the frame of every page, as 32 bits, plus one; zero if that is the page's own number."""
    referenced_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the host's reference flag of every frame; zero if it has none."""
    changed_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the host's change flag of every frame; zero if it has none."""
    frame_pages_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the page that every frame holds, as 32 bits; zero if that is the frame's own number."""
    host_watch_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the number of pages that the host wants to be asked for; zero if it never does."""
    touches_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the state of a page after an access, by its state; 0xFF if that is for the host."""
    free_frames_address: Annotated[Word, FieldWriter.PYTHON]
    """Address of the host's next free frame, as 32 bits; those that come after it lie before it."""
    supplied_limit: Annotated[Word, FieldWriter.PYTHON]
    """How many of them may be taken without asking the host."""
    supplied_count: Annotated[Word, FieldWriter.BOTH]
    """How many have been taken that the host does not know of yet."""
    supplied_pages: Annotated[ctypes.Array[ctypes.c_uint64], MOST_SUPPLIED, FieldWriter.CALLBACK]
    """The pages that have them."""
    code_pages_address: Annotated[Word, FieldWriter.SETUP]
    """Address of a byte for every page: whether code may have been translated from it."""
    held_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the words that say whether a translation leads to a page: see emu.engine.tables.held_word."""
    held_mark: Annotated[Word, FieldWriter.BOTH]
    """What these words begin with if they are of the present, and not of before a flush."""
    is_holding: Annotated[Word, FieldWriter.BOTH]
    """Whether there may be one that is."""
    resolved: Annotated[Word, FieldWriter.CALLBACK]
    """The absolute address that was found last."""
    states_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the state byte of every page."""
    keys_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the storage key of every page."""
    reached_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the bytes that say whether some translation may lead to a page: emu.translations.may_be_reached."""
    transitions_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the table of the transitions that ESSA makes."""
    control_registers_address: Annotated[Word, FieldWriter.SETUP]
    """Address of the sixteen control registers."""
    facilities: Annotated[ctypes.Array[ctypes.c_uint64], FACILITY_WORDS, FieldWriter.SETUP]
    """The installed facilities: number n is bit n % 64, counted from the right, of word n // 64."""
    facility_list: Annotated[ctypes.Array[ctypes.c_uint64], FACILITY_WORDS, FieldWriter.SETUP]
    """The facility list as STFLE stores it."""
    facility_list_length: Annotated[Word, FieldWriter.SETUP]
    """How many of its doublewords are stored."""
    has_other_cpus: Annotated[Word, FieldWriter.BOTH]
    """Whether the configuration has more CPUs than this one."""
    idle_until: Annotated[Word, FieldWriter.BOTH]
    """The work before which no other CPU can run; zero if one can, or that is not known."""
    turn_begun: Annotated[Word, FieldWriter.BOTH]
    """The work at which the CPU's turn has begun anew; zero if it has not."""
    cpu_states: Annotated[ctypes.Array[ctypes.c_uint64], MOST_CPUS, FieldWriter.PYTHON]
    """What SIGNAL PROCESSOR senses of each CPU: see emu.engine.tables.cpu_word."""
    cpu_count: Annotated[Word, FieldWriter.PYTHON]
    """How many CPUs these are of: all, or none if that is left to the model."""
    profile: Annotated[Word, FieldWriter.SETUP]
    """Whose ESSA the machine has: the place of the profile in its enumeration."""
    cpu_address: Annotated[Word, FieldWriter.SETUP]
    """The address of the CPU in the configuration."""
    prefix: Annotated[Word, FieldWriter.BOTH]
    """The prefix of the CPU."""
    interruptions_followed: Annotated[Word, FieldWriter.PYTHON]
    """Whether somebody is to be asked before each interruption, or told of it."""
    keys_followed: Annotated[Word, FieldWriter.BOTH]
    """Whether somebody is to be told when a storage key is changed."""
    host_followed: Annotated[Word, FieldWriter.BOTH]
    """Whether somebody is to be told when the host supplies a frame."""
    is_alone: Annotated[Word, FieldWriter.CALLBACK]
    """Whether an instruction is executed by itself, and Python tells the observers: see emu.engine.lone_step."""
    changed_page: Annotated[Word, FieldWriter.CALLBACK]
    """The absolute page whose state it has changed."""
    state_change: Annotated[Word, FieldWriter.CALLBACK]
    """Request, and to the left of its byte the state before and the one after."""
    supplied_page: Annotated[Word, FieldWriter.CALLBACK]
    """The absolute page that has got a frame meanwhile, which Python tells the observers, too."""
    supplied_change: Annotated[Word, FieldWriter.CALLBACK]
    """Its state before, and to the left of its byte the one after; zero if there is none."""
    followed_states: Annotated[ctypes.Array[ctypes.c_uint64], FOLLOWED_BITS // 64, FieldWriter.PYTHON]
    """A bit for each page whose state one of them follows, and for others that share it: see
    emu.engine.tables.followed_index.  The bits of a word are counted from the right."""
    watches_storage: Annotated[Word, FieldWriter.PYTHON]
    """Whether accesses to some page are watched: see emu.engine.watched_pages."""
    watched_pages: Annotated[ctypes.Array[ctypes.c_uint64], WATCHED_BITS // 64, FieldWriter.PYTHON]
    """A bit for each page and kind of access that is watched, absolute and logical ones alike; perhaps for others,
    too.  The bits of a word are counted from the right."""
    system_mask: Annotated[Word, FieldWriter.BOTH]
    """The guest's PSW mask but for what Unicorn keeps of it; compiled instructions may change it."""
    quiet: Annotated[Word, FieldWriter.PYTHON]
    """Units of work, from where *bound* was set, for which enabling for interruptions changes nothing else."""
    expected_subclasses: Annotated[Word, FieldWriter.PYTHON]
    """Bits of CR0: the external interruptions that are pending or will be without anybody's doing."""
    work: Annotated[Word, FieldWriter.BOTH]
    """Units of work done where *bound* was set."""
    epoch: Annotated[Word, FieldWriter.PYTHON]
    """The TOD clock when no work was done."""
    timer_origin: Annotated[Word, FieldWriter.PYTHON]
    """The CPU timer when no work was done."""
    programmable_field: Annotated[Word, FieldWriter.PYTHON]
    """The TOD programmable field."""
    program_parameter: Annotated[Word, FieldWriter.BOTH]
    """The program parameter."""
    extra_work: Annotated[Word, FieldWriter.BOTH]
    """The work of compiled instructions beyond one unit each, which *left* has lost as well."""
    has_compiled: Annotated[Word, FieldWriter.BOTH]
    """Whether instructions were executed compiled that are not counted yet."""
    instruction_counts: Annotated[ctypes.Array[ctypes.c_uint64], MOST_INSTRUCTIONS, FieldWriter.BOTH]
    """How often each was executed compiled, by its place among the declared instructions."""
    instruction_limits: Annotated[ctypes.Array[ctypes.c_uint64], MOST_INSTRUCTIONS, FieldWriter.PYTHON]
    """How often each may be executed compiled, until it is left to the model."""
    has_called: Annotated[Word, FieldWriter.BOTH]
    """Whether there are supervisor calls that are not counted yet."""
    call_counts: Annotated[ctypes.Array[ctypes.c_uint64], SUPERVISOR_CALLS, FieldWriter.BOTH]
    """How often each was taken compiled, by its number."""
    executed: Annotated[Word, FieldWriter.PYTHON]
    """Instructions that the CPU had executed where *bound* was set."""
    condition_code: Annotated[Word, FieldWriter.CALLBACK]
    """Of the program-interruption condition that was noted last; zero if there is none to be taken."""
    condition_ending: Annotated[Word, FieldWriter.CALLBACK]
    """How it ends the instruction: see emu.engine.rules.conditions."""
    is_condition_identified: Annotated[Word, FieldWriter.CALLBACK]
    """Whether it stores a translation-exception identification."""
    condition_identification: Annotated[Word, FieldWriter.CALLBACK]
    """That one."""
    has_condition_access: Annotated[Word, FieldWriter.CALLBACK]
    """Whether it stores an exception access identification, which is zero."""
    has_interrupted: Annotated[Word, FieldWriter.BOTH]
    """Whether there are program interruptions that are not counted yet."""
    condition_counts: Annotated[ctypes.Array[ctypes.c_uint64], CONDITIONS, FieldWriter.BOTH]
    """How often each was taken compiled, by its code."""
    unknown_instruction: Annotated[Word, FieldWriter.CALLBACK]
    """An instruction that nothing implements, left-aligned: that one which *unknown_count* is of."""
    unknown_count: Annotated[Word, FieldWriter.BOTH]
    """How often it was met compiled."""
    interrupted_cpu: Annotated[Word, FieldWriter.BOTH]
    """The CPU that has taken the last program interruption."""
    interrupted_after: Annotated[Word, FieldWriter.BOTH]
    """How many instructions it had executed."""
    interruptions_in_a_row: Annotated[Word, FieldWriter.BOTH]
    """How many there have been since then."""
    completed_call_address: Annotated[Word, FieldWriter.SETUP]
    """Where the SCLP keeps the address of the SCCB whose command has ended, until that is announced."""
    has_service_event: Annotated[Word, FieldWriter.PYTHON]
    """Whether a service signal would say, too, that there is something to be read."""
    service_signals: Annotated[Word, FieldWriter.BOTH]
    """How many service signals were taken compiled that are not counted yet."""
    otherwise_interrupted_cpu: Annotated[Word, FieldWriter.BOTH]
    """The CPU that has taken the last interruption that was external, input/output or a machine check."""
    otherwise_interrupted_after: Annotated[Word, FieldWriter.BOTH]
    """How many instructions it had executed."""
    other_interruptions_in_a_row: Annotated[Word, FieldWriter.BOTH]
    """How many there have been since then."""
    request_counts: Annotated[ctypes.Array[ctypes.c_uint64], len(OperationRequest), FieldWriter.BOTH]
    """How often ESSA was executed with each operation request code."""

    stop_places: Annotated[ctypes.Array[ctypes.c_uint64], STOP_BITS // 64, FieldWriter.PYTHON]
    """A bit for each address of an instruction that a stop may wait for, and for others that share it: see
    emu.engine.stop_places.  The bits of a word are counted from the right."""

    # A register that is followed: see emu.engine.following.
    followed_places: Annotated[ctypes.Array[ctypes.c_uint64], FOLLOWED_WORDS, FieldWriter.PYTHON]
    """Addresses of the words of 32 bits that it is made of."""
    followed_count: Annotated[Word, FieldWriter.PYTHON]
    """How many these are."""
    followed_values: Annotated[ctypes.Array[ctypes.c_uint64], FOLLOWED_WORDS, FieldWriter.BOTH]
    """What they held when they were looked at last."""
    change_count: Annotated[Word, FieldWriter.BOTH]
    """How often they were found changed."""
    changes: Annotated[ctypes.Array[ctypes.c_uint64], FOLLOWED_CHANGES, FieldWriter.CALLBACK]
    """When that was, as instructions of the CPU, of which the last few may not have ended then; the oldest give way."""

    # While the machine is traced: see emu.engine.trace_ring.
    trace_address: Annotated[Word, FieldWriter.PYTHON]
    """Address of the ring; zero if it is not traced."""
    begun_work: Annotated[Word, FieldWriter.CALLBACK]
    """Work beyond one unit of the compiled instruction that is being executed: the model counts it at the beginning."""
    traced_blocks_address: Annotated[Word, FieldWriter.PYTHON]
    """Address of the table of blocks that have an identification, each at the index that its key gives."""
    traced_registers_address: Annotated[Word, FieldWriter.PYTHON]
    """Address of what the registers held when they were compared last."""

    # Tables.
    starts: Annotated[ctypes.Array[ctypes.c_uint64], MOST_STARTS, FieldWriter.CALLBACK]
    """For each translation of a block how many instructions it has, combined with the tag; zero if it has not begun."""
    start_addresses: Annotated[ctypes.Array[ctypes.c_uint64], MOST_STARTS, FieldWriter.PYTHON]
    """Where each of these blocks is: the translator writes it, and the next."""
    start_sizes: Annotated[ctypes.Array[ctypes.c_uint64], MOST_STARTS, FieldWriter.PYTHON]
    """How many bytes it has."""
    memo: Annotated[ctypes.Array[MemoEntry], MEMO_BLOCKS, FieldWriter.BOTH]
    """Blocks that may run, each at the index that its key gives."""
    epochs: Annotated[ctypes.Array[ctypes.c_uint64], EPOCHS, FieldWriter.PYTHON]
    """How often the blocks of some page among those that share the index have been forgotten."""
    shown: Annotated[ctypes.Array[ShownPage], PAGES, FieldWriter.PYTHON]
    """Pages of code, each at the index that its key gives."""
    contexts: Annotated[ctypes.Array[ContextEntry], CONTEXTS, FieldWriter.BOTH]
    """Contexts, each at the index that its address-space-control elements give."""
    # Not entries of one type: Python searches a whole table at a time, which is twice as fast in one piece.
    fill_keys: Annotated[ctypes.Array[ctypes.c_uint64], FILLS, FieldWriter.BOTH]
    """Remembered fills: number of the virtual page, two bits to the left, and the kind of access."""
    fill_contexts: Annotated[ctypes.Array[ctypes.c_uint64], FILLS, FieldWriter.BOTH]
    """The context that each was made in; zero if it is forgotten."""
    fill_answers: Annotated[ctypes.Array[ctypes.c_uint64], FILLS, FieldWriter.BOTH]
    """Engine-physical place of the page, with the permissions in the bits below."""


WRITERS: Final = declare_fields(Record)
"""Who writes each field of the record."""
RECORD_TYPE: Final[np.dtype[Any]] = np.dtype(Record)
"""The record as the callbacks see it."""


class SharedRecord:
    """One record, and its tables as arrays that change with it."""

    def __init__(self) -> None:
        """Make a record of zeros in which nothing is remembered or shown."""
        self._array = sparse_zeros(1, RECORD_TYPE)
        self.fields: Final = Record.from_buffer(self._array.data)
        """The record."""
        self.table("shown")["key"] = NO_PAGE

    @property
    def address(self) -> int:
        """Where the record lies, for a callback."""
        return int(self._array.ctypes.data)

    def table(self, name: str) -> npt.NDArray[Any]:
        """The field *name*, which has elements, as an array; those of entries have the fields of the entry."""
        table: npt.NDArray[Any] = self._array[name][0]
        return table
