# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as TOML, for tests of what reads them."""

from __future__ import annotations

MINIMAL = """\
description = "nothing happens"
[machine]
pages = 512
[[step]]
do = "boot"
"""
EVERYTHING = """\
description = "everything that can be said"

[machine]
pages = 512
cpus = 2

[kernel]
patches = [1, 6]
cmma = false
image_pages = 5

[host]
frames = 300
paging_pages = 1000
policy = "volatile-first"

[[file]]
name = "data"
pages = 10

[[tree]]
name = "src"
files = 20
directories = 2
median_bytes = 5000
sigma = 1.5
largest_bytes = 100_000
seed = 7

[[step]]
do = "boot"

[[step]]
do = "allocate"
group = "g"
pages = 8
order = 1
touched = 3
cpu = 1

[[step]]
do = "touch"
group = "g"
pages = 2

[[step]]
do = "verify"

[[step]]
do = "free"
group = "g"

[[step]]
do = "read"
file = "data"
first = 1
pages = 2
times = 3

[[step]]
do = "grep"
tree = "src"
times = 2

[[step]]
do = "tick"
times = 4

[[step]]
do = "resize-host"
frames = 200

[[step]]
do = "table"
name = "end"

[[step]]
do = "expect"
equal = { Vr = 5 }
at_least = { disk-reads = 1 }
at_most = { z = 2 }
within = 2.5
note = "why"
"""
PROCESSES = """\
description = "processes, pages and a tour"

[machine]
pages = 512

[kernel]
swap_pages = 7

[host]

[[file]]
name = "data"
pages = 10
dirty_accounting = false

[[step]]
do = "boot"

[[step]]
do = "note"
title = "A title"
text = "A text."

[[step]]
do = "process"
name = "p"

[[step]]
do = "mmap"
process = "p"
at = 0x2000_0000
pages = 4
file = "data"
first = 2
shared = true
writable = false

[[step]]
do = "remap"
process = "p"
at = 0x2000_0000
pages = 1
first = 5

[[step]]
do = "load"
process = "p"
at = 0x2000_0000
pages = 2
times = 3

[[step]]
do = "store"
process = "p"
at = 0x2000_1000
until = "UserInstruction"

[[step]]
do = "mark"
name = "it"
page = "data:3"

[[step]]
do = "resume"

[[step]]
do = "fork"
process = "p"
child = "q"

[[step]]
do = "mprotect"
process = "p"
at = 0x2000_0000
pages = 1
writable = true

[[step]]
do = "mlock"
process = "p"
at = 0x2000_0000
pages = 1

[[step]]
do = "munlock"
process = "p"
at = 0x2000_0000
pages = 1

[[step]]
do = "munmap"
process = "q"
at = 0x2000_0000
pages = 1

[[step]]
do = "exit"
process = "q"

[[step]]
do = "write"
file = "data"
first = 1
pages = 2
times = 2

[[step]]
do = "writeback"
file = "data"

[[step]]
do = "truncate"
file = "data"
pages = 5

[[step]]
do = "reclaim"
pages = 2

[[step]]
do = "discard"
file = "data"

[[step]]
do = "evict"
page = "p@0x2000_1000"

[[step]]
do = "verify"
process = "p"

[[step]]
do = "expect"
page = "it"
state = "Vr"

[[step]]
do = "expect"
page = "data:3"
state = ["Vr", "none"]
path = ["Sr", "Vr"]
requests = [6, 3]
changed = true
note = "why"
"""
