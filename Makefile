# k8skafka: one entry point. `make help` is the index.
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, DESTDIR, prefix and BUILD are yours to set; our own flags are added to them.

BUILD   ?= build
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
mandir  ?= $(prefix)/share/man
compdir ?= $(prefix)/share/bash-completion/completions
CFLAGS  ?= -O2 -g
VERSION := $(shell cat VERSION)
COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo release)
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
.PHONY: help

# ---- What this compiler and linker can do, probed once ----
-include $(BUILD)/config.mk
$(BUILD)/config.mk: tools/probe
	@mkdir -p $(@D)
	@CC="$(CC)" tools/probe >$@

KT_CPPFLAGS = -D_GNU_SOURCE -I. $(HARDEN_CPPFLAGS) $(CPPFLAGS)
KT_CFLAGS   = -std=c17 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
              -Wformat=2 -Wconversion -Wvla -fPIE -MMD -MP $(HARDEN_CFLAGS) $(SANITIZE) $(CFLAGS)
KT_LDFLAGS  = $(HARDEN_LDFLAGS) $(SANITIZE) $(LDFLAGS)
STATIC      = $(if $(SANITIZE),-pie,-static-pie)
LIBS        = -ljansson -lyaml -lcap -lm

# ---- Sources: a folder is a room, every file in it is part of it ----
LIB_SRC    := $(wildcard lib/*/*.c)
INITC_SRC  := $(wildcard initc/*.c)
TUNER_SRC  := $(wildcard tuner/*.c tuner/rows/*.c)
objects     = $(patsubst %.c,$(BUILD)/%.o,$(1))
PROGRAMS   := kafka-initc kafka-tuner
BINS       := $(PROGRAMS:%=$(BUILD)/bin/%)

all: $(BINS) docs ## the programs and their documentation
.PHONY: all

$(BUILD)/%.o: %.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(CC) $(KT_CPPFLAGS) $(KT_CFLAGS) -c -o $@ $<

# The version is in one object of each program, so that a commit rebuilds nothing else.
$(BUILD)/%/main.o: KT_CPPFLAGS += -DKT_VERSION='"$(VERSION) ($(COMMIT))"'
$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' >$@
$(BUILD)/initc/main.o $(BUILD)/tuner/main.o: $(BUILD)/commit
.PHONY: FORCE

$(BUILD)/libk8skafka.a: $(call objects,$(LIB_SRC))
$(BUILD)/initc.a: $(call objects,$(filter-out initc/main.c,$(INITC_SRC)))
$(BUILD)/tuner.a: $(call objects,$(filter-out tuner/main.c,$(TUNER_SRC)))
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/kafka-initc: $(BUILD)/initc/main.o $(BUILD)/initc.a $(BUILD)/libk8skafka.a
$(BUILD)/bin/kafka-tuner: $(BUILD)/tuner/main.o $(BUILD)/tuner.a $(BUILD)/libk8skafka.a
$(BINS):
	@mkdir -p $(@D)
	$(CC) $(STATIC) $(KT_CFLAGS) -o $@ $^ $(KT_LDFLAGS) $(LIBS)

# ---- Unit tests: tests/unit mirrors the tree; each file is a program ----
UNIT_SRC := $(shell find tests/unit -name 'test_*.c' | LC_ALL=C sort)
UNIT     := $(UNIT_SRC:%.c=$(BUILD)/%)
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/tests/unit/support.o $(BUILD)/initc.a $(BUILD)/tuner.a $(BUILD)/libk8skafka.a
	$(CC) -pie -o $@ $^ $(KT_LDFLAGS) $(LIBS) -lcmocka
.SECONDARY:

unit: $(UNIT) ## unit tests only
	@tests/run --log $(BUILD)/test-logs $(UNIT:%=unit:%)
.PHONY: unit

include tests/tiers.mk

clean: ## removes build/
	rm -rf $(BUILD)
.PHONY: clean

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
