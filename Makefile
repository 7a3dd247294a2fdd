# SPDX-License-Identifier: MIT
# spy: look inside a running Go process. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build

CC ?= gcc
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DSPY_VERSION='"$(VERSION)"' -Iinclude -Isrc \
	-I/usr/include/libdwarf -fPIC -fvisibility=hidden -fno-strict-aliasing $(WARNINGS) $(CFLAGS)

# The rooms of the house, from the ground up (docs/ARCHITECTURE.md).
LIB_ROOMS := base elf procmem dwarf pclntab runtime_layouts runtime unwind session
CLI_ROOMS := render cli
LIB_LIBS := -lelf -ldwarf -lisal -lz
CLI_LIBS := -lyajl

lib_sources := $(foreach room,$(LIB_ROOMS),$(sort $(wildcard src/$(room)/*.c)))
cli_sources := $(foreach room,$(CLI_ROOMS),$(sort $(wildcard src/$(room)/*.c)))
lib_objects := $(lib_sources:src/%.c=$(BUILD)/%.o)
cli_objects := $(cli_sources:src/%.c=$(BUILD)/%.o)
unit_sources := $(sort $(wildcard tests/unit/*.c))
unit_objects := $(unit_sources:tests/%.c=$(BUILD)/tests/%.o)
fuzz_programs := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
c_files := $(sort $(wildcard include/*.h src/*/*.[ch] tests/*/*.[ch] tools/*.c bench/*.c))

.PHONY: all lib check install clean help
.DELETE_ON_ERROR:

all: $(BUILD)/spy $(BUILD)/libspy.so

$(BUILD)/libspy.a: $(lib_objects)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libspy.so: $(lib_objects) src/session/libspy.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libspy.so.0 -Wl,-z,defs \
		-Wl,--version-script=src/session/libspy.map -o $@ $(lib_objects) $(LIB_LIBS)

$(BUILD)/spy: $(cli_objects) $(BUILD)/libspy.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS) $(CLI_LIBS)

$(BUILD)/unit: $(unit_objects) $(BUILD)/libspy.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS) -lcheck -lsubunit -lm -lrt -lpthread

$(BUILD)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/libspy.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Itests -o $@ $< $(BUILD)/libspy.a $(LIB_LIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf $(BUILD)
