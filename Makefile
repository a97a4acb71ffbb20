# k8skafka: one entry point. `make help` is the index.
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, DESTDIR, prefix and BUILD are yours to set; our own flags are added to them.

BUILD   ?= build
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
mandir  ?= $(prefix)/share/man
compdir ?= $(prefix)/share/bash-completion/completions
CFLAGS  ?= -O2 -g
# Warnings stop our own builds; a packager with another compiler is only told.
WERROR  ?= $(if $(wildcard .git),-Werror)
VERSION := $(shell cat VERSION)
COMMIT  := $(or $(if $(wildcard .git),$(shell git rev-parse --short=12 HEAD 2>/dev/null)),release)
export SOURCE_DATE_EPOCH ?= $(or $(if $(wildcard .git),$(shell git log -1 --format=%ct 2>/dev/null)),0)

MAKEFLAGS += --no-builtin-rules --no-print-directory
# As many jobs as processors; a -j on the command line wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# One short line for each step; V=1 shows the commands themselves, -s nothing.
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-6s %s\n' $(1) $@;)

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile tests/tiers.mk
.PHONY: help

setup: ## installs the packages that are missing (root)
	tools/setup
.PHONY: setup

# ---- What this compiler and linker can do, probed once; another compiler or other flags build everything anew ----
FLAGS_NOW := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(SANITIZE) $(WERROR)
ifneq ($(filter-out help setup demo clean fmt uninstall dist,$(or $(MAKECMDGOALS),help)),)
$(shell mkdir -p $(BUILD))
ifneq ($(file <$(BUILD)/flags),$(FLAGS_NOW))
$(file >$(BUILD)/flags,$(FLAGS_NOW))
endif
ifneq ($(file <$(BUILD)/commit),$(VERSION) $(COMMIT))
$(file >$(BUILD)/commit,$(VERSION) $(COMMIT))
endif
-include $(BUILD)/config.mk
endif
$(BUILD)/flags $(BUILD)/commit: ;
$(foreach v,CC CPPFLAGS CFLAGS LDFLAGS,$(eval $(BUILD)/config.mk: export $(v) := $$($(v))))
$(BUILD)/config.mk: tools/probe $(BUILD)/flags
	@tools/probe >$@

KT_CPPFLAGS = -D_GNU_SOURCE -I. $(HARDEN_CPPFLAGS) $(CPPFLAGS)
KT_CFLAGS   = -std=c17 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
              -Wformat=2 -Wconversion -Wvla $(WERROR) -fPIE -MMD -MP $(HARDEN_CFLAGS) $(SANITIZE) $(CFLAGS)
KT_LDFLAGS  = $(HARDEN_LDFLAGS) $(SANITIZE) $(LDFLAGS)
# One file without a loader: the hand-off copies it into images that hold who knows which libc.
STATIC      = $(if $(SANITIZE),-pie,-static-pie)
LIBS        = -ljansson -lyaml -lcap -lnettle -lm
# The agent lives in an image of its own: its libraries come with it, and the loader too.
AGENT_LIBS  = -lcurl -lmicrohttpd

# ---- Sources: a folder is a room, every file in it is part of it ----
LIB_SRC    := $(sort $(wildcard lib/*/*.c))
INITC_SRC  := $(sort $(wildcard initc/*.c))
TUNER_SRC  := $(sort $(wildcard tuner/*.c tuner/rows/*.c))
BENCH_SRC  := $(sort $(wildcard tuner/bench/*.c))
AGENT_SRC  := $(sort $(wildcard daemonset/*.c))
UNIT_SRC   := $(shell find tests/unit -name 'test_*.c' | LC_ALL=C sort)
SOURCES    := $(LIB_SRC) $(INITC_SRC) $(TUNER_SRC) $(BENCH_SRC) $(AGENT_SRC)
objects     = $(patsubst %.c,$(BUILD)/%.o,$(1))
PROGRAMS   := kafka-initc kafka-tuner kafka-diskbench kafka-tunerd
BINS       := $(PROGRAMS:%=$(BUILD)/bin/%)

all: programs docs ## the programs and their documentation
programs: $(BINS)
objects: $(call objects,$(SOURCES))
.PHONY: all programs objects

$(BUILD)/%.o: %.c $(BUILD)/config.mk $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(KT_CPPFLAGS) $(KT_CFLAGS) -c -o $@ $<

# The version is in one object of each program, so that a commit rebuilds nothing else.
MAINS := $(patsubst %,$(BUILD)/%/main.o,initc tuner tuner/bench daemonset)
$(MAINS): KT_CPPFLAGS += -DKT_VERSION='"$(VERSION) ($(COMMIT))"'
$(MAINS): $(BUILD)/commit

$(BUILD)/libk8skafka.a: $(call objects,$(LIB_SRC))
$(BUILD)/initc.a: $(call objects,$(filter-out initc/main.c,$(INITC_SRC)))
$(BUILD)/tuner.a: $(call objects,$(filter-out tuner/main.c,$(TUNER_SRC)))
$(BUILD)/bench.a: $(call objects,$(filter-out tuner/bench/main.c,$(BENCH_SRC)))
$(BUILD)/daemonset.a: $(call objects,$(filter-out daemonset/main.c,$(AGENT_SRC)))
$(BUILD)/%.a: $(BUILD)/flags
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/bin/kafka-initc: $(BUILD)/initc/main.o $(BUILD)/initc.a $(BUILD)/libk8skafka.a
$(BUILD)/bin/kafka-tuner: $(BUILD)/tuner/main.o $(BUILD)/tuner.a $(BUILD)/libk8skafka.a
$(BUILD)/bin/kafka-diskbench: $(BUILD)/tuner/bench/main.o $(BUILD)/bench.a $(BUILD)/libk8skafka.a
$(BUILD)/bin/kafka-tunerd: $(BUILD)/daemonset/main.o $(BUILD)/daemonset.a $(BUILD)/tuner.a $(BUILD)/libk8skafka.a
$(BUILD)/bin/kafka-tunerd: STATIC = -pie
$(BUILD)/bin/kafka-tunerd: LIBS += $(AGENT_LIBS)
$(BINS):
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(STATIC) $(KT_CFLAGS) -o $@ $^ $(KT_LDFLAGS) $(LIBS)

# ---- Documentation: what rows can say comes out of the program itself ----
docs: $(if $(shell command -v scdoc),$(PROGRAMS:%=$(BUILD)/man/%.1),no-scdoc) $(PROGRAMS:%=$(BUILD)/completion/%) ## man pages and bash completion
no-scdoc:
	@echo 'no man pages: scdoc is missing (tools/setup --build)' >&2
.PHONY: docs no-scdoc

$(BUILD)/man/%.1.scd: docs/man/%.1.scd.in $(BUILD)/bin/%
	@mkdir -p $(@D)
	@$(BUILD)/bin/$* --man >$@.options
	@sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd}' -e 's/@VERSION@/$(VERSION)/g' $< >$@
$(BUILD)/man/%.1: $(BUILD)/man/%.1.scd
	$(call say,MAN)scdoc <$< >$@
$(BUILD)/completion/%: $(BUILD)/bin/%
	@mkdir -p $(@D)
	$(call say,GEN)$< --completion >$@

schema: ## extracts the properties of every Kafka release again (network, JDK, Maven)
	tools/schema/generate
.PHONY: schema

# ---- Installing ----
install: all ## programs, man pages, completion, below DESTDIR and prefix
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(compdir)
	install -m 0755 $(BINS) $(DESTDIR)$(bindir)
	install -m 0644 $(PROGRAMS:%=$(BUILD)/completion/%) $(DESTDIR)$(compdir)
	for page in $(wildcard $(PROGRAMS:%=$(BUILD)/man/%.1)); do install -m 0644 "$$page" $(DESTDIR)$(mandir)/man1; done
uninstall: ## removes what install put there
	rm -f $(foreach p,$(PROGRAMS),$(DESTDIR)$(bindir)/$(p) $(DESTDIR)$(mandir)/man1/$(p).1 $(DESTDIR)$(compdir)/$(p))
dist: ## the last commit as build/k8skafka-VERSION.tar.gz
	@mkdir -p $(BUILD)
	git archive --prefix=k8skafka-$(VERSION)/ -o $(BUILD)/k8skafka-$(VERSION).tar.gz HEAD
.PHONY: install uninstall dist

# ---- Unit tests: tests/unit mirrors the tree; each file is a program ----
UNIT := $(UNIT_SRC:%.c=$(BUILD)/%)
$(BUILD)/tests/unit/daemonset/%: LIBS += $(AGENT_LIBS)
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/tests/unit/support.o $(BUILD)/initc.a $(BUILD)/daemonset.a $(BUILD)/tuner.a $(BUILD)/bench.a $(BUILD)/libk8skafka.a
	$(call say,LINK)$(CC) -pie $(KT_CFLAGS) -o $@ $^ $(KT_LDFLAGS) $(LIBS) -lcmocka
unit-programs: $(UNIT)
.PHONY: unit-programs

include tests/tiers.mk

clean: ## removes build/
	rm -rf $(BUILD)
.PHONY: clean

-include $(patsubst %.c,$(BUILD)/%.d,$(SOURCES) $(UNIT_SRC) tests/unit/support.c $(FUZZ_SRC) $(FLEET_SRC))
