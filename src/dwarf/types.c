/* SPDX-License-Identifier: MIT */
#include "dwarf/types.h"

#include "dwarf/constants.h"

enum {
	TYPEDEFS_MAX = 16, /* a named type is a typedef of a structure: one */
	EMBEDDED_MAX = 4,  /* structures embedded in one; the runtime has at most two */
	EMBEDDED_DEPTH_MAX = 3,
	POINTER_BYTES = 8, /* Go's DWARF does not say it */
};

/* The DIE of a type behind the typedefs, and a walk that stands behind it. */
static struct spy_error *walk_to_type(struct units *units, uint64_t type, struct walk *walk,
				      struct die *die)
{
	unsigned i;

	for (i = 0; i < TYPEDEFS_MAX; i++) {
		TRY(walk_to(units, type, walk, die));
		if (die->tag != DW_TAG_TYPEDEF || die->type == 0)
			return NULL;
		type = die->type;
	}
	return units_corrupt("a chain of typedefs", type);
}

struct spy_error *type_shape(struct units *units, uint64_t type, struct type_shape *ret)
{
	struct type_shape shape = { .size = -1, .elements = -1 };
	struct walk walk;
	struct die die;
	bool more = true;

	if (type != 0) {
		TRY(walk_to_type(units, type, &walk, &die));
		shape.size = die.byte_size;
		if (die.tag == DW_TAG_POINTER_TYPE || die.tag == DW_TAG_SUBROUTINE_TYPE)
			shape.size = POINTER_BYTES;
		while (die.tag == DW_TAG_ARRAY_TYPE && more && shape.elements < 0) {
			struct die child;

			TRY(walk_next(&walk, &child, &more));
			if (more && walk.depth == 1 && child.tag == DW_TAG_SUBRANGE_TYPE)
				shape.elements = child.count;
		}
	}
	*ret = shape;
	return NULL;
}

static struct type_member member_of(const struct die *die)
{
	return (struct type_member){ .offset = die->member_location, .type = die->type };
}

/* The member called `name` of one type; where it has none itself, of the structures embedded in it,
 * as Go promotes them. */
static struct spy_error *find_member(struct units *units, uint64_t type, const char *name,
				     size_t length, unsigned depth, struct type_member *ret,
				     bool *found)
{
	struct type_member embedded[EMBEDDED_MAX];
	size_t embedded_count = 0, i;
	struct walk walk;
	struct die die;
	bool more = true;

	TRY(walk_to_type(units, type, &walk, &die));
	*found = false;
	if (die.tag != DW_TAG_STRUCTURE_TYPE)
		return NULL;
	while (more && !*found) {
		TRY(walk_next(&walk, &die, &more));
		if (!more || walk.depth != 1 || die.tag != DW_TAG_MEMBER || !die.name)
			continue;
		if (die.name_length == length && memcmp(die.name, name, length) == 0) {
			*ret = member_of(&die);
			*found = true;
		} else if (die.embedded && embedded_count < EMBEDDED_MAX) {
			embedded[embedded_count++] = member_of(&die);
		}
	}
	for (i = 0; i < embedded_count && depth > 0 && !*found; i++) {
		TRY(find_member(units, embedded[i].type, name, length, depth - 1, ret, found));
		if (*found)
			ret->offset += embedded[i].offset;
	}
	return NULL;
}

struct spy_error *type_member(struct units *units, uint64_t type, const char *path, size_t length,
			      struct type_member *ret, bool *found)
{
	struct type_member whole = { .type = type };
	const char *end = path + length;

	*found = true;
	while (*found && path < end) {
		const char *dot = memchr(path, '.', (size_t)(end - path));
		size_t name_length = (size_t)((dot ? dot : end) - path);
		struct type_member member = { 0 };

		TRY(find_member(units, whole.type, path, name_length, EMBEDDED_DEPTH_MAX, &member,
				found));
		whole.offset += member.offset;
		whole.type = member.type;
		path += name_length + (dot ? 1 : 0);
	}
	if (*found)
		*ret = whole;
	return NULL;
}
