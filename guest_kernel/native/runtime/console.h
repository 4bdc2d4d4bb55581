/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Find out what the service processor accepts. With *line_mode*, prefer the line-mode console to the VT220 console. */
void console_open(bool line_mode);

/* Write whole lines, each with its new-line character. */
void console_write(const char *text, size_t length);

/* Tell the console that the service-signal interruption with *parameter* has come. */
void console_signal(uint32_t parameter);

/* The external-interruption parameter of the last service signal: the address of the SCCB that is done. */
extern volatile uint32_t console_last_parameter;
extern const void *const console_sccb;

#endif /* CONSOLE_H */
