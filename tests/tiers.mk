# Which tests there are, and which of them a target runs. Every tier is a list of TIER:PROGRAM for tests/run.

SANITIZERS    = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
RUN           = BUILD=$(BUILD) CC='$(CC)' tests/run --log $(BUILD)/test-logs
CLANG        ?= clang
CLANG_FORMAT ?= clang-format-14
FUZZ_SECONDS ?= 60
FLEET        := $(BUILD)/tests/fleet/fleet
FLEET_SRC    := $(sort $(wildcard tests/fleet/*.c))
FLEET_WRAP   := clock_gettime getrandom kt_pods_find_cgroup kt_pods_each_process kt_mounts_load
FUZZ_SRC     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
export CLANG CLANG_FORMAT

LINT    := $(patsubst %,lint:%,$(sort $(wildcard tests/lint/*.sh)))
ASAN     = $(UNIT_SRC:%.c=asan:$(BUILD)/asan/%)
ANALYZE := $(patsubst %,analyze:%,$(sort $(wildcard tests/analyze/*.sh)))
SYSTEM  := $(patsubst %,system:%,$(sort $(wildcard tests/system/[0-9]*.sh)))
KAFKA   := $(patsubst %,kafka:%,$(sort $(wildcard tests/kafka/[0-9]*.sh)))
DISK    := $(patsubst %,disk:%,$(sort $(wildcard tests/disk/[0-9]*.sh)))
VM      := $(patsubst %,vm:%,$(sort $(wildcard tests/vm/[0-9]*.sh)))
IMAGE   := $(patsubst %,image:%,$(sort $(wildcard tests/image/[0-9]*.sh)))
MANIFESTS := $(patsubst %,manifests:%,$(sort $(wildcard tests/manifests/[0-9]*.sh)))
CLUSTER := $(patsubst %,cluster:%,$(sort $(wildcard tests/cluster/[0-9]*.sh)))

check: all unit-programs ## quick tests for any user: lint, unit tests, some seconds of fuzzing
	@FUZZ_SECONDS=3 $(RUN) $(LINT) $(UNIT:%=unit:%) fuzz:tests/fuzz/run
# Status 3: this machine lacks something, and each script says so as a skip. Of the tiers disk and cluster only what is
# named here: together they take an hour.
DISK_SHORT := $(filter %/20-short.sh,$(DISK))
SEED       := $(filter %/20-seed.sh %/30-scale.sh,$(CLUSTER))
test: all unit-programs asan-programs $(FLEET) ## all tiers but vm, with a short form of disk and cluster; MUST_RUN=1 turns skips into failures
	@BUILD=$(BUILD) image/build || [ $$? = 3 ]
	@[ "$$(id -u)" != 0 ] || BUILD=$(BUILD) tests/cluster/build || [ $$? = 3 ]
	@FUZZ_SECONDS=5 $(RUN) $(LINT) $(UNIT:%=unit:%) $(ASAN) $(ANALYZE) fuzz:tests/fuzz/run $(SYSTEM) $(KAFKA) $(IMAGE) $(MANIFESTS) \
		$(DISK_SHORT) $(SEED); status=$$?; [ "$$(id -u)" != 0 ] || BUILD=$(BUILD) tests/cluster/down >/dev/null; exit $$status
.PHONY: check test

lint: all ## the rules of the house
	@$(RUN) $(LINT)
unit: unit-programs ## unit tests
	@$(RUN) $(UNIT:%=unit:%)
asan: asan-programs ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(RUN) $(ASAN)
analyze: ## the compilers' static analysis of every source
	@$(RUN) $(ANALYZE)
fuzz: ## every fuzzer for FUZZ_SECONDS (60)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) TEST_TIMEOUT=86400 $(RUN) fuzz:tests/fuzz/run
system: all $(FLEET) ## the programs on this machine
	@$(RUN) $(SYSTEM)
kafka: all ## the programs with real brokers
	@$(RUN) $(KAFKA)
disk: all ## kafka-diskbench on throttled volumes
	@$(RUN) $(DISK)
truth: all ## its figures against known limits, volume by volume; an hour (ONLY='flat cap2')
	@BUILD=$(BUILD) tests/disk/truth $(ONLY)
	@$(if $(ONLY),:,$(RUN) vm:tests/vm/stall)
vm: all ## the programs on a virtual node with every capability
	@$(RUN) $(VM)
images: all ## container images in build/images, without a daemon
	@BUILD=$(BUILD) image/build
image-tests: all ## the images, and brokers that run from them
	@$(RUN) $(IMAGE)
manifest-tests: all ## what the manifests render to, and the scripts beside them
	@$(RUN) $(MANIFESTS)
cluster: images ## all of it on a real Kubernetes of three nodes
	@BUILD=$(BUILD) tests/cluster/build || [ $$? = 3 ]; $(RUN) $(CLUSTER); status=$$?; BUILD=$(BUILD) tests/cluster/down; exit $$status
cluster-down: ## ends the test cluster and leaves nothing of it
	@BUILD=$(BUILD) tests/cluster/down
.PHONY: disk truth vm images image-tests manifest-tests cluster cluster-down

fleet: $(FLEET) ## 5,000 agents and a simulated API server: what it has to bear (docs/fleet.md)
	@$<
.PHONY: fleet

demo: ## the main job, shown on a real broker; installs what is missing
	@BUILD=$(BUILD) tools/demo
bench: all ## measured comparisons with other tools
	tests/bench/run
fmt: ## formats all C
	$(CLANG_FORMAT) -i $$(find lib initc tuner daemonset tests -name '*.[ch]')
.PHONY: lint unit asan analyze fuzz system kafka demo bench fmt

asan-programs:
	@$(MAKE) BUILD=$(BUILD)/asan SANITIZE='$(SANITIZERS)' unit-programs
fuzz-programs: $(FUZZ_SRC:%.c=$(BUILD)/%)
.PHONY: asan-programs fuzz-programs

# Built by tests/fuzz/run with clang; the library is instrumented, the fuzzer's own main() comes with the last step.
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/daemonset.a $(BUILD)/tuner.a $(BUILD)/libk8skafka.a
	$(call say,LINK)$(CC) -pie $(KT_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(KT_LDFLAGS) $(LIBS) $(AGENT_LIBS)

# The agent's own objects but for loop and main; tests/fleet has the clock, libcurl's transfers, the node and the server.
$(FLEET): $(call objects,$(FLEET_SRC)) $(BUILD)/daemonset.a $(BUILD)/tuner.a $(BUILD)/libk8skafka.a
	$(call say,LINK)$(CC) -pie $(KT_CFLAGS) $(FLEET_WRAP:%=-Wl,--wrap=%) -o $@ $^ $(KT_LDFLAGS) $(LIBS) $(AGENT_LIBS)
