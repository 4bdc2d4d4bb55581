/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console of the service-call logical processor (SCLP). A request is a block (SCCB) that SERVICE CALL designates;
 * the service-signal external interruption tells that it is done. Output goes out as one of two types of event: 26,
 * bytes for the ASCII (VT220) console, or 2, a message in EBCDIC for the line-mode console.
 */
#include "console.h"

#include "instructions.h"

#define WRITE_EVENT_MASK	0x00780005
#define WRITE_EVENT_DATA	0x00760005

#define EVENT_MESSAGE		2
#define EVENT_ASCII		26
/* Event type n has bit n - 1 of an event mask, counted from the left. */
#define EVENT_MASK(type)	(0x80000000u >> ((type) - 1))

#define RESPONSE_DONE		0x0020

struct sccb_header {
	uint16_t length;
	uint8_t function;
	uint8_t control[3];
	uint16_t response;
};

struct event_masks {
	struct sccb_header header;
	uint16_t reserved;
	uint16_t mask_length;
	uint32_t program_receives;
	uint32_t program_sends;
	uint32_t processor_receives;
	uint32_t processor_sends;
};

struct event {
	struct sccb_header header;
	uint16_t length;
	uint8_t type;
	uint8_t flags;
	uint16_t reserved;
	union {
		char text[1024];
		struct message {
			uint16_t length;
			uint16_t type;
			uint32_t tag;
			uint32_t revision;
			/* The general object says whose message it is; zeros will do. */
			struct {
				uint16_t length;
				uint16_t type;
				uint8_t zeros[56];
			} __attribute__((packed)) general;
			struct {
				uint16_t length;
				uint16_t type;
				uint16_t line_flags;
				uint8_t presentation;
				uint8_t reserved[3];
				uint8_t text[256];
			} __attribute__((packed)) line;
		} __attribute__((packed)) message;
	};
} __attribute__((packed));

#define MESSAGE_BLOCK		1
#define MESSAGE_TAG		0xd4c4c240	/* "MDB " in EBCDIC */
#define GENERAL_OBJECT		1
#define TEXT_OBJECT		4
#define LINE_END		0x1000

/* EBCDIC (code page 037) of the ASCII characters from the blank to the tilde. */
static const uint8_t ebcdic[] = {
	0x40, 0x5a, 0x7f, 0x7b, 0x5b, 0x6c, 0x50, 0x7d, 0x4d, 0x5d, 0x5c, 0x4e, 0x6b, 0x60, 0x4b, 0x61,
	0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0x7a, 0x5e, 0x4c, 0x7e, 0x6e, 0x6f,
	0x7c, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6,
	0xd7, 0xd8, 0xd9, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xba, 0xe0, 0xbb, 0xb0, 0x6d,
	0x79, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96,
	0x97, 0x98, 0x99, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xc0, 0x4f, 0xd0, 0xa1,
};

/* A block must not cross a 4K boundary and must be below 2 GB. */
static union {
	struct sccb_header header;
	struct event_masks masks;
	struct event event;
	uint8_t page[4096];
} sccb __attribute__((aligned(4096)));

const void *const console_sccb = &sccb;
volatile uint32_t console_last_parameter;

static uint32_t accepted;
static bool prefer_lines;
static volatile bool busy;

void console_signal(uint32_t parameter)
{
	console_last_parameter = parameter;
	/* The rightmost bits carry other news; the rest is the block that is done. */
	if ((parameter & ~7u) == (uint32_t)(uintptr_t)&sccb)
		busy = false;
}

static bool request(uint32_t command, size_t length)
{
	unsigned cc;

	sccb.header.length = length;
	sccb.header.function = 0;
	sccb.header.response = 0;
	busy = true;
	do {
		cc = servc(command, &sccb);
	} while (cc == 2);
	if (cc)
		return false;
	while (busy)
		wait_for_external();
	return sccb.header.response == RESPONSE_DONE;
}

void console_open(bool line_mode)
{
	prefer_lines = line_mode;
	sccb.masks = (struct event_masks) {
		.mask_length = sizeof(uint32_t),
		.program_sends = EVENT_MASK(EVENT_MESSAGE) | EVENT_MASK(EVENT_ASCII),
	};
	if (request(WRITE_EVENT_MASK, sizeof(struct event_masks)))
		accepted = sccb.masks.processor_receives;
}

static void start_event(uint8_t type, size_t content)
{
	sccb.event = (struct event) { .length = offsetof(struct event, text) - sizeof(struct sccb_header) + content,
				      .type = type };
}

static void write_ascii(const char *text, size_t length)
{
	start_event(EVENT_ASCII, length);
	for (size_t i = 0; i < length; i++)
		sccb.event.text[i] = text[i];
	request(WRITE_EVENT_DATA, offsetof(struct event, text) + length);
}

static void write_line(const char *text, size_t length)
{
	struct message *message = &sccb.event.message;
	size_t size;

	if (length && text[length - 1] == '\n')
		length--;
	size = offsetof(struct message, line.text) + length;
	start_event(EVENT_MESSAGE, size);
	message->length = size;
	message->type = MESSAGE_BLOCK;
	message->tag = MESSAGE_TAG;
	message->revision = 1;
	message->general.length = sizeof(message->general);
	message->general.type = GENERAL_OBJECT;
	message->line.length = sizeof(message->line) - sizeof(message->line.text) + length;
	message->line.type = TEXT_OBJECT;
	message->line.line_flags = LINE_END;
	for (size_t i = 0; i < length; i++)
		message->line.text[i] = text[i] >= ' ' && text[i] <= '~' ? ebcdic[text[i] - ' '] : ebcdic[0];
	request(WRITE_EVENT_DATA, offsetof(struct event, text) + size);
}

void console_write(const char *text, size_t length)
{
	bool lines = accepted & EVENT_MASK(EVENT_MESSAGE);
	bool ascii = accepted & EVENT_MASK(EVENT_ASCII);

	if (lines && (prefer_lines || !ascii))
		write_line(text, length);
	else if (ascii)
		write_ascii(text, length);
}
