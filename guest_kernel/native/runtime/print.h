/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_H
#define PRINT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Formatted printing on the console: %s %c %d %u %x %%, with a width, a leading 0, a minus sign for left-adjusted, and
 * l for 64 bits. A line is written when it ends.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list arguments);

#endif /* PRINT_H */
