/* SPDX-License-Identifier: MIT */
#include "render/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"

/* Large enough that the cost of write() vanishes, small enough to stay in the second-level cache.
 */
#define DRAIN_BYTES ((size_t)256 << 10)

/* A terminal narrower or wider than this is a mistake (`COLUMNS=0`, a socket that lies). */
#define WIDTH_MIN 20
#define WIDTH_MAX 10000

static unsigned terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = columns ? strtol(columns, NULL, 10) : 0;

	if (width < WIDTH_MIN && !ioctl(fd, TIOCGWINSZ, &size))
		width = size.ws_col;
	return width < WIDTH_MIN || width > WIDTH_MAX ? 0 : (unsigned)width;
}

static bool wants_colour(enum colour_mode mode, bool is_terminal)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (mode != COLOUR_AUTO)
		return mode == COLOUR_ALWAYS;
	return is_terminal && !(no_colour && *no_colour) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

struct output output_to(int fd, enum colour_mode mode)
{
	bool is_terminal = isatty(fd);

	return (struct output){
		.fd = fd,
		.width = is_terminal ? terminal_width(fd) : 0,
		.colour = wants_colour(mode, is_terminal),
	};
}

struct output output_to_memory(void)
{
	return (struct output){ .fd = -1 };
}

void output_flush(struct output *output)
{
	size_t written = 0;

	while (output->fd >= 0 && !output->failure && written < output->text.length) {
		ssize_t size =
		    write(output->fd, output->text.bytes + written, output->text.length - written);

		if (size >= 0)
			written += (size_t)size;
		else if (errno == EAGAIN) /* somebody else made the pipe non-blocking */
			poll(&(struct pollfd){ .fd = output->fd, .events = POLLOUT }, 1, -1);
		else if (errno != EINTR)
			output->failure = errno;
	}
	if (output->fd >= 0)
		output->text.length = 0;
}

void output_drain(struct output *output)
{
	if (output->text.length >= DRAIN_BYTES)
		output_flush(output);
}

struct spy_error *output_close(struct output *output)
{
	output_flush(output);
	text_free(&output->text);
	if (!output->failure || output->failure == EPIPE)
		return NULL;
	return spy_error_new(SPY_ERROR_DATA, "cannot write the output: %s",
			     strerror(output->failure));
}

const char *output_colour(const struct output *output, enum colour colour)
{
	static const char *const sequences[] = {
		[COLOUR_NONE] = "\033[0m",   [COLOUR_BOLD] = "\033[1m",
		[COLOUR_DIM] = "\033[2m",    [COLOUR_RED] = "\033[31m",
		[COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m",
		[COLOUR_BLUE] = "\033[34m",
	};

	return output->colour ? sequences[colour] : "";
}

void put_string(struct text *text, const char *string)
{
	if (string)
		text_add_escaped(text, string, strlen(string));
	else
		text_add(text, "-");
}

void put_number(struct text *text, int64_t number)
{
	char digits[24], *start = digits + sizeof(digits);
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	if (number == SPY_UNKNOWN) {
		text_add(text, "-");
		return;
	}
	do
		*--start = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*--start = '-';
	text_add_bytes(text, start, (size_t)(digits + sizeof(digits) - start));
}

void put_hex(struct text *text, uint64_t number)
{
	char digits[24], *start = digits + sizeof(digits);

	do
		*--start = "0123456789abcdef"[number & 15];
	while (number >>= 4);
	*--start = 'x';
	*--start = '0';
	text_add_bytes(text, start, (size_t)(digits + sizeof(digits) - start));
}
