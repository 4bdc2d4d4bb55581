# SPDX-License-Identifier: GPL-2.0-or-later
"""SET FPC AND SIGNAL takes all of the register for what its lower half is (seen in 2.1.4; PoP 9).

helper_sfas compares the masks of the operand with the flags of the floating-point control register, and finds bits of
the upper half of the register against the masks that were there: a data-exception code of more than a byte, which ends
the process.  It is replaced by a function that goes on to it with the lower half.  Unicorn finds the instruction by the
return address of a helper, so it is jumped to, not called.
"""

from __future__ import annotations

from typing import Final

_HELPER: Final = "helper_sfas"
_NAME: Final = "set_fpc_and_signal"
CALLED: Final = (_HELPER,)
REPLACING: Final = {_HELPER: _NAME}
"""The function in :data:`SOURCE` for the helper that it replaces."""
SOURCE: Final = f"""
declare void @{_HELPER}(i64, i64)

define void @{_NAME}(i64 %registers, i64 %operand) {{
    %lower = and i64 %operand, 4294967295
    musttail call void @{_HELPER}(i64 %registers, i64 %lower)
    ret void
}}
"""
