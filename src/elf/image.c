/* SPDX-License-Identifier: MIT */
#include "elf/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vector.h"

struct part {
	uint64_t offset, size;
	uint8_t *bytes;
	bool mapped; /* not copied */
};

struct image {
	int fd;
	bool trusted;
	uint64_t size, kept;
	VECTOR(struct part) parts;
};

/* Whether nobody but root and ourselves can write to it; an access list shows as group bits. */
static bool is_trusted(const struct stat *status)
{
	return (status->st_uid == 0 || status->st_uid == geteuid()) &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

struct spy_error *image_open(int fd, const char *name, struct image **ret)
{
	struct image *image;
	struct stat status;
	int copy;

	if (fstat(fd, &status) < 0)
		return spy_error_new(SPY_ERROR_DATA, "cannot read %s: %m", name);
	if (!S_ISREG(status.st_mode))
		return spy_error_new(SPY_ERROR_DATA, "%s is not a regular file", name);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return spy_error_new(SPY_ERROR_DATA, "cannot read %s: %m", name);
	image = memory_zeroed(1, sizeof(*image));
	image->fd = copy;
	image->size = (uint64_t)status.st_size;
	image->trusted = is_trusted(&status);
	*ret = image;
	return NULL;
}

void image_close(struct image *image)
{
	size_t i;

	if (!image)
		return;
	for (i = 0; i < image->parts.count; i++) {
		struct part *part = &image->parts.items[i];

		if (part->mapped)
			munmap(part->bytes, part->size);
		else
			free(part->bytes);
	}
	vector_free(&image->parts);
	close(image->fd);
	free(image);
}

uint64_t image_size(const struct image *image)
{
	return image->size;
}

static bool has(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static const uint8_t *find_kept(const struct image *image, uint64_t offset, uint64_t size)
{
	size_t i;

	for (i = 0; i < image->parts.count; i++) {
		const struct part *part = &image->parts.items[i];

		if (offset >= part->offset && offset - part->offset <= part->size &&
		    size <= part->size - (offset - part->offset))
			return part->bytes + (offset - part->offset);
	}
	return NULL;
}

/* Reads from the file itself. */
static bool read_file(const struct image *image, uint64_t offset, void *buffer, size_t size)
{
	uint8_t *to = buffer;

	if (!has(image, offset, size))
		return false;
	while (size) {
		ssize_t got = pread(image->fd, to, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) /* an error, or the file has become shorter */
			return false;
		to += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

bool image_read(const struct image *image, uint64_t offset, void *buffer, size_t size)
{
	const uint8_t *kept = find_kept(image, offset, size);

	if (!kept)
		return read_file(image, offset, buffer, size);
	memcpy(buffer, kept, size);
	return true;
}

/* Adds a part to those that are kept. */
static void keep(struct image *image, struct part part)
{
	*vector_push(&image->parts) = part;
	if (!part.mapped)
		image->kept += part.size;
}

static const uint8_t *map_all(struct image *image, uint64_t offset)
{
	uint8_t *bytes = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, image->fd, 0);

	if (bytes == MAP_FAILED)
		return NULL;
	keep(image, (struct part){ .size = image->size, .bytes = bytes, .mapped = true });
	return bytes + offset;
}

static const uint8_t *copy_part(struct image *image, uint64_t offset, uint64_t size)
{
	uint8_t *bytes _cleanup_free_ = NULL;

	if (size > IMAGE_BYTES_MAX - image->kept)
		return NULL;
	bytes = memory_new(size, 1);
	if (!read_file(image, offset, bytes, size))
		return NULL;
	keep(image, (struct part){ .offset = offset, .size = size, .bytes = bytes });
	return TAKE(bytes);
}

const uint8_t *image_bytes(struct image *image, uint64_t offset, uint64_t size)
{
	const uint8_t *bytes = find_kept(image, offset, size);

	if (!bytes && has(image, offset, size)) {
		if (image->trusted && size > IMAGE_STREAM_BYTES)
			bytes = map_all(image, offset);
		if (!bytes)
			bytes = copy_part(image, offset, size);
	}
	return bytes;
}
