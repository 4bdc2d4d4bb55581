# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE LOGICAL STRING does not look at bits 32-55 of general register 0, which must be zeros (seen in 2.1.4; PoP 7).

helper_clst is given the registers, general register 0, and two addresses.  It is replaced by a function that looks at
those bits first, and goes on to the original; or to helper_srst, which begins with just that check and gives the
specification exception.  Unicorn finds the instruction by the return address of a helper.  So both are jumped to, not
called, and the function is written in the compiler's intermediate language, which can promise that.
"""

from __future__ import annotations

from typing import Final

HELPER: Final = "helper_clst"
_CHECKS: Final = "helper_srst"
_NAME: Final = "compare_logical_string"
CALLED: Final = (HELPER, _CHECKS)
REPLACING: Final = {HELPER: _NAME}
"""The function in :data:`SOURCE` for the helper that it replaces."""
_MUST_BE_ZEROS: Final = 0xFFFF_FF00
SOURCE: Final = f"""
declare i64 @{HELPER}(i64, i64, i64, i64)
declare i64 @{_CHECKS}(i64, i64, i64, i64)

define i64 @{_NAME}(i64 %registers, i64 %register_0, i64 %first, i64 %second) {{
    %wrong = and i64 %register_0, {_MUST_BE_ZEROS}
    %is_right = icmp eq i64 %wrong, 0
    br i1 %is_right, label %compare, label %refuse
compare:
    %code = musttail call i64 @{HELPER}(i64 %registers, i64 %register_0, i64 %first, i64 %second)
    ret i64 %code
refuse:
    %never = musttail call i64 @{_CHECKS}(i64 %registers, i64 0, i64 0, i64 %second)
    ret i64 %never
}}
"""
