/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"

static char line[256];
static size_t length;

static void put(char c)
{
	if (length < sizeof(line))
		line[length++] = c;
	if (c == '\n') {
		line[length - 1] = '\n';
		console_write(line, length);
		length = 0;
	}
}

static void put_padded(const char *text, size_t size, size_t width, bool left, char fill)
{
	size_t pad = width > size ? width - size : 0;

	for (size_t i = 0; !left && i < pad; i++)
		put(fill);
	for (size_t i = 0; i < size; i++)
		put(text[i]);
	for (size_t i = 0; left && i < pad; i++)
		put(' ');
}

static size_t digits(char *end, uint64_t value, unsigned base)
{
	char *first = end;

	do {
		*--first = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	return end - first;
}

void print_list(const char *format, va_list arguments)
{
	for (; *format; format++) {
		bool left = false, is_long = false, negative = false;
		char fill = ' ', buffer[24], *end = buffer + sizeof(buffer);
		size_t width = 0, size = 0;
		uint64_t value = 0;

		if (*format != '%') {
			put(*format);
			continue;
		}
		for (format++; *format == '-' || *format == '0'; format++) {
			if (*format == '-')
				left = true;
			else
				fill = '0';
		}
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (*format - '0');
		for (; *format == 'l'; format++)
			is_long = true;

		switch (*format) {
		case 's': {
			const char *text = va_arg(arguments, const char *);

			while (text[size])
				size++;
			put_padded(text, size, width, left, ' ');
			continue;
		}
		case 'c':
			put(va_arg(arguments, int));
			continue;
		case 'd':
			value = is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int);
			negative = (int64_t)value < 0;
			if (negative)
				value = -value;
			size = digits(end, value, 10);
			break;
		case 'u':
		case 'x':
			value = is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
			size = digits(end, value, *format == 'x' ? 16 : 10);
			break;
		default:
			put(*format);
			continue;
		}
		if (negative)
			end[-(long)++size] = '-';
		put_padded(end - size, size, width, left, fill);
	}
}

void print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_list(format, arguments);
	va_end(arguments);
}
