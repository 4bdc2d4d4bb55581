/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says hello and ends: what is left of a run is the start-up of the machine. */
#include "expect.h"
#include "print.h"

void program(void)
{
	print("Hello from s390x. The command line is '%s'.\n", command_line());
	end(true);
}
