# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn may lose which instruction raised a data exception, and the condition code that there was (seen in 2.1.4).

It finds the instruction by the return address of helper_data_exception.  Two things make its call the very last of a
block's code: an instruction that the control registers forbid, and a compare-and-trap instruction that is known to
trap.  Then that address lies behind the block, unless the helper is so far away, more than two gigabytes, that its
address is kept there; which of the instances of Unicorn lie so near to the library is the system's affair.  Where
nothing is found the PSW address is stale, the instruction length is zero, and the condition code is what it was before
the last instruction that has set it.

The helper is replaced by a function that goes on with an address inside the call.
"""

from __future__ import annotations

from typing import Final

_HELPER: Final = "helper_data_exception"
_RAISES: Final = "tcg_s390_data_exception_s390x"
_NAME: Final = "data_exception"
CALLED: Final = (_RAISES,)
REPLACING: Final = {_HELPER: _NAME}
"""The function in :data:`SOURCE` for the helper that it replaces."""
SOURCE: Final = f"""
declare void @{_RAISES}(i64, i32, i64)
declare i8* @llvm.returnaddress(i32)

define void @{_NAME}(i64 %registers, i32 %code) {{
    %pointer = call i8* @llvm.returnaddress(i32 0)
    %behind = ptrtoint i8* %pointer to i64
    %inside = sub i64 %behind, 1
    call void @{_RAISES}(i64 %registers, i32 %code, i64 %inside)
    ret void
}}
"""
