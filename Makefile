# SPDX-License-Identifier: MIT
# spy: look inside a running Go process. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build

CC ?= gcc
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DSPY_VERSION='"$(VERSION)"' -Iinclude -Isrc \
	-fPIC -fvisibility=hidden -fno-strict-aliasing $(WARNINGS) $(CFLAGS)

# The rooms of the house, from the ground up (docs/ARCHITECTURE.md).
LIB_ROOMS := base elf procmem dwarf pclntab runtime_layouts runtime discover unwind values session
CLI_ROOMS := render tui cli
LIB_LIBS := -lisal -lZydis
CLI_LIBS := -lyajl -lncursesw -ltinfo -lm
UNIT_LIBS := $(CLI_LIBS) -lz -lcheck -lsubunit -lm -lrt -lpthread

lib_sources := $(foreach room,$(LIB_ROOMS),$(sort $(wildcard src/$(room)/*.c)))
cli_sources := $(foreach room,$(CLI_ROOMS),$(sort $(wildcard src/$(room)/*.c)))
lib_objects := $(lib_sources:src/%.c=$(BUILD)/%.o)
cli_objects := $(cli_sources:src/%.c=$(BUILD)/%.o)
unit_sources := $(sort $(wildcard tests/unit/*.c))
unit_objects := $(unit_sources:tests/%.c=$(BUILD)/tests/%.o)
fuzz_programs := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
asks := $(patsubst tests/live/%.c,$(BUILD)/%,$(sort $(wildcard tests/live/*_ask.c)))
truths := $(patsubst tests/live/%.go,$(BUILD)/%,$(sort $(wildcard tests/live/*_truth.go)))
c_files := $(sort $(wildcard include/*.h src/*/*.[ch] tests/*/*.[ch] tools/*.c bench/*.c))

.PHONY: all check lint bench install clean help
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

$(BUILD)/unit: $(unit_objects) $(filter $(BUILD)/render/% $(BUILD)/tui/%,$(cli_objects)) $(BUILD)/libspy.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS) $(UNIT_LIBS)

$(BUILD)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/driver.c $(BUILD)/libspy.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $(filter %.c %.a,$^) $(LIB_LIBS)

$(BUILD)/fuzz/seeds: tests/fuzz/seeds.c tests/unit/pclntab_image.c $(BUILD)/libspy.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $(filter %.c %.a,$^) $(LIB_LIBS) $(UNIT_LIBS)

$(BUILD)/fuzz/corrupt: $(patsubst %,tests/fuzz/%.c,corrupt answer copied_target) $(BUILD)/libspy.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Itests -o $@ $(filter %.c %.a,$^) $(LIB_LIBS) -lm

$(BUILD)/layout_row: tools/layout_row.c $(BUILD)/libspy.a
$(BUILD)/reference_rows: tools/reference_rows.c $(BUILD)/libspy.a
$(asks): $(BUILD)/%: tests/live/%.c $(BUILD)/libspy.a
$(BUILD)/layout_row $(BUILD)/reference_rows $(asks):
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $(filter %.c %.a,$^) $(LIB_LIBS)

$(truths): $(BUILD)/%: tests/live/%.go
	GO111MODULE=off GOFLAGS= CGO_ENABLED=0 go build -o $@ $<

$(BUILD)/cshared_host: fixtures/cshared/host.c
	$(CC) -o $@ $< -ldl

# The program over an engine that tells what the tests of the command line want to hear.
fake_objects := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/cli/*.c tests/unit/fake_*.c))
$(BUILD)/fake_spy: $(fake_objects) $(filter $(BUILD)/base/%,$(lib_objects)) $(cli_objects)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

.PHONY: test-programs
test-programs: $(BUILD)/unit $(BUILD)/fuzz/seeds $(BUILD)/fuzz/corrupt $(fuzz_programs) $(BUILD)/spy \
	$(BUILD)/fake_spy

# What the tests run: the program as it ships, and everything once more under the sanitizers.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZED = BUILD=$(BUILD)/asan CFLAGS='-O1 -g $(SANITIZE)'
check: all $(BUILD)/layout_row $(BUILD)/reference_rows $(asks) $(BUILD)/cshared_host \
		$(if $(shell command -v go),$(truths))
	$(MAKE) $(SANITIZED) test-programs
	tests/run

.PHONY: fake-spy
fake-spy:
	$(MAKE) $(SANITIZED) $(BUILD)/asan/fake_spy

lint:
	clang-format --dry-run --Werror $(c_files)
	tools/check-includes
	shellcheck tools/install tools/demo tools/check tools/check-includes tools/toolchains \
		tests/fuzz/run .ci/run
	shellcheck -x tools/layouts tools/references
	mandoc -T lint -W warning docs/spy.1
	printf '%s\n' $(filter src/%.c tests/fuzz/%.c tools/%.c,$(c_files)) | xargs -P 2 -n 4 \
		sh -c 'clang-tidy --quiet "$$@" -- $(filter-out -Werror -DSPY_VERSION%,$(ALL_CFLAGS)) -DSPY_VERSION=__FILE__ -Itests 2>/dev/null' lint

bench: all
	bench/run

install: all
	install -D -m 755 $(BUILD)/spy $(DESTDIR)$(PREFIX)/bin/spy
	install -D -m 755 $(BUILD)/libspy.so $(DESTDIR)$(PREFIX)/lib/libspy.so.0
	ln -sf libspy.so.0 $(DESTDIR)$(PREFIX)/lib/libspy.so
	install -D -m 644 include/spy.h $(DESTDIR)$(PREFIX)/include/spy.h
	install -D -m 644 docs/spy.1 $(DESTDIR)$(PREFIX)/share/man/man1/spy.1
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BUILD)/spy completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/spy
	$(BUILD)/spy completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_spy
	$(BUILD)/spy completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/spy.fish

help:
	@echo 'make          build $(BUILD)/spy and $(BUILD)/libspy.so'
	@echo 'make check    run all tests (tools/check installs what they need first)'
	@echo 'make lint     formatter, linters, include rules'
	@echo 'make bench    measure against the Go runtime itself'
	@echo 'make install  to PREFIX ($(PREFIX)), under DESTDIR'
	@echo 'make clean    remove $(BUILD)'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf $(BUILD)
