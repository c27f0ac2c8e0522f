# Builds custodyd out of the tree, in build/<mode>/, and runs everything that checks it. `make help` lists the targets.
#
# release  -O2 -g (LTO=1: link-time optimisation)   what `make`, `make demo` and `make bench` use
# debug    AddressSanitizer, UBSan                  what `make unit`, `make test` and `make fault` use
# fuzz     clang, libFuzzer, AddressSanitizer       what `make fuzz` uses
#
# Sources are found, not listed: daemon/**/*.c is the archive, tests/unit/test_*.c, tests/fuzz/fuzz_*.c and tests/bench/*.c with
# a main are one program each. Targets that need packages or another mode call this file again under a lock, so that two may run at once.

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# ---- what to build how

DEBUG_GOALS := unit unit-programs
FUZZ_GOALS := fuzz-programs
MODE := $(if $(filter $(FUZZ_GOALS),$(MAKECMDGOALS)),fuzz,$(if $(filter $(DEBUG_GOALS),$(MAKECMDGOALS)),debug,release))
BUILD := build
B := $(BUILD)/$(MODE)
GEN := $(B)/gen

PREFIX := /usr/local
DESTDIR :=
CYCLES := 300
SECONDS := 60
JOBS := 2

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CC_release := gcc
CC_debug := gcc
CC_fuzz := clang
AR_release := gcc-ar
AR_debug := gcc-ar
AR_fuzz := ar
OPTIMIZE_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE $(if $(LTO),-flto=auto)
OPTIMIZE_debug := -Og -g $(SANITIZE)
OPTIMIZE_fuzz := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
LINK_release := -pie -Wl,-z,relro,-z,now $(if $(LTO),-flto=auto -O2)
LINK_debug := $(SANITIZE)
LINK_fuzz := $(SANITIZE)

$(if $(CC_$(MODE)),,$(error MODE=$(MODE) is unknown; hint: release, debug or fuzz))
CC := $(CC_$(MODE))
AR := $(AR_$(MODE))

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wswitch-enum -Wvla -Wstrict-prototypes -Wmissing-prototypes -Werror
# Words that are cut to fit their buffer are meant to be; the sanitizers make this warning see cuts where none can be.
WARNINGS += -Wno-unknown-warning-option -Wno-format-truncation
INCLUDES := -Idaemon -Itests -isystem $(GEN) -isystem /usr/include/postgresql
COMPILE := $(CC) -std=c17 -D_GNU_SOURCE $(OPTIMIZE_$(MODE)) $(INCLUDES) $(CFLAGS)
LINK := $(CC) $(LINK_$(MODE)) $(LDFLAGS)
V :=
say = $(if $(V),,@echo '  $(1) $@';)

LIBRARIES := -luv -lmosquitto -lmicrohttpd -lcurl -lpq -lprotobuf-c -lsodium -lcrypto -lconfig -lutf8proc -ljansson -lcsv -lm

# Fences and geodesics.
LIBRARIES += -lgeos_c -lproj

# ---- what there is to build

find = $(sort $(shell find $(1) -name '$(2)' 2>/dev/null))

MAINS := daemon/custodyd.c daemon/custodyctl.c
SOURCES := $(filter-out $(MAINS),$(call find,daemon,*.c))
PROTOS := $(call find,proto,*.proto)
SQL := $(call find,sql,*.sql)
UNIT_TESTS := $(sort $(wildcard tests/unit/test_*.c))
FUZZERS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(sort $(shell grep -l '^int main' tests/bench/*.c 2>/dev/null))
SUPPORT := $(call find,tests/support,*.c) $(filter-out $(BENCHES),$(wildcard tests/bench/*.c))

object = $(patsubst %,$(B)/%.o,$(1))
program = $(patsubst %.c,$(B)/%,$(1))

PROGRAMS := $(patsubst daemon/%.c,$(B)/%,$(wildcard $(MAINS)))
PROTO_SOURCES := $(PROTOS:proto/%.proto=$(GEN)/%.pb-c.c)
PROTO_HEADERS := $(PROTO_SOURCES:.c=.h)
OUR_OBJECTS := $(call object,$(SOURCES) $(MAINS) $(SUPPORT) $(UNIT_TESTS) $(FUZZERS) $(BENCHES))
LIBRARY_OBJECTS := $(call object,$(SOURCES)) $(PROTO_SOURCES:.c=.o) $(GEN)/embedded_sql.o $(GEN)/embedded_bundle.o

# ---- stamps: a changed flag or tool rebuilds all, a removed source rebuilds the archive

QUIET_GOALS := help clean dependencies lint format test fault fuzz bench demo
ifneq ($(filter-out $(QUIET_GOALS),$(or $(MAKECMDGOALS),all)),)
stamp = $(if $(filter-out x$(file <$(1)),x$(2)),$(shell mkdir -p $(dir $(1)))$(file >$(1),$(2)))
$(call stamp,$(B)/flags,$(subst $() ,_,$(strip $(COMPILE) $(WARNINGS) | $(LINK) $(LIBRARIES))))
$(call stamp,$(B)/objects,$(subst $() ,_,$(LIBRARY_OBJECTS)))
$(call stamp,$(B)/sql,$(subst $() ,_,$(SQL) $(PROTOS)))
endif

# ---- rules

.PHONY: all programs generated unit unit-programs fuzz-programs bench-programs
all: programs ## build custodyd and custodyctl (MODE=release|debug|fuzz, LTO=1, V=1, BUILD=directory)
programs: $(PROGRAMS)
generated: $(PROTO_HEADERS)
unit-programs: $(call program,$(UNIT_TESTS))
fuzz-programs: $(call program,$(FUZZERS))
bench-programs: $(call program,$(BENCHES))

unit: unit-programs ## build and run the unit tests (debug); `make -k unit` runs what compiles
	@tests/run --build $(B) unit

$(PROGRAMS): $(B)/%: $(B)/daemon/%.c.o $(B)/libcustody.a $(B)/flags
	$(call say,LINK) $(LINK) -o $@ $< $(B)/libcustody.a $(LIBRARIES)

SUPPORT_ARCHIVE := $(if $(strip $(SUPPORT)),$(B)/libsupport.a)
ARCHIVES := $(SUPPORT_ARCHIVE) $(B)/libcustody.a
$(call program,$(UNIT_TESTS)): LIBRARIES += -lcmocka
$(call program,$(FUZZERS)): LINK += -fsanitize=fuzzer
$(call program,$(UNIT_TESTS) $(FUZZERS) $(BENCHES)): $(B)/%: $(B)/%.c.o $(ARCHIVES) $(B)/flags
	$(call say,LINK) $(LINK) -o $@ $< $(ARCHIVES) $(LIBRARIES)

$(B)/libcustody.a: $(LIBRARY_OBJECTS) $(B)/objects
	@rm -f $@
	$(call say,AR  ) $(AR) rcs $@ $(LIBRARY_OBJECTS)

$(B)/libsupport.a: $(call object,$(SUPPORT)) $(B)/objects
	@rm -f $@
	$(call say,AR  ) $(AR) rcs $@ $(call object,$(SUPPORT))

# -MD, not -MMD: what we generate and what the system upgrades is included as system headers, and must rebuild us too.
$(OUR_OBJECTS): $(B)/%.o: % $(B)/flags | $(PROTO_HEADERS)
	@mkdir -p $(@D)
	$(call say,CC  ) $(COMPILE) $(WARNINGS) -MD -MP -c -o $@ $<

$(PROTO_SOURCES:.c=.o): %.o: %.c $(B)/flags
	$(call say,CC  ) $(COMPILE) -w -MD -MP -c -o $@ $<

# One call writes them all, because a .proto includes others.
$(PROTO_SOURCES) $(PROTO_HEADERS) &: $(PROTOS) $(B)/flags
	@mkdir -p $(GEN)
	$(call say,PB  ) protoc-c -Iproto --c_out=$(GEN) $(PROTOS)

$(GEN)/embedded_sql.s: daemon/ctl/embed.sh $(SQL) $(B)/sql
	@mkdir -p $(@D)
	$(call say,SQL ) sh $< embedded_sql sql $(SQL) > $@

$(GEN)/embedded_bundle.s: daemon/ctl/embed.sh daemon/ctl/bundle_readme.md $(PROTOS) $(B)/sql
	@mkdir -p $(@D)
	$(call say,FILE) sh $< embedded_bundle . daemon/ctl/bundle_readme.md $(PROTOS) > $@

$(GEN)/embedded_%.o: $(GEN)/embedded_%.s $(B)/flags
	$(call say,AS  ) $(CC) -c -o $@ $<

-include $(OUR_OBJECTS:.o=.d) $(PROTO_SOURCES:.c=.d)

# ---- everything that is run; packages first, then a build of the right mode, one at a time

locked = mkdir -p $(BUILD) && flock $(BUILD)/.lock $(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)

.PHONY: dependencies test fault fuzz bench demo lint format install clean help
dependencies: ## install the Debian packages that are missing (root, or a user with sudo)
	@deploy/dependencies build run test

test: ## install what is missing, build, run all tests; ends with "N passed, N failed"
	@deploy/dependencies build run test
	@$(locked) -k MODE=$(or $(TEST_MODE),debug) programs unit-programs; \
	tests/run --build $(BUILD)/$(or $(TEST_MODE),debug) --built $$? unit sql integration

fault: ## kill the daemon, the database and the broker CYCLES times under load (MODE=debug)
	@deploy/dependencies build run test
	@$(locked) MODE=debug programs
	@tests/fault/run --build $(BUILD)/debug --cycles $(CYCLES)

fuzz: ## fuzz every decoder for SECONDS in all
	@deploy/dependencies build run test
	@$(locked) MODE=fuzz fuzz-programs
	@tests/fuzz/run --build $(BUILD)/fuzz --seconds $(SECONDS)

bench: ## measure beside the floor and the peers; one line a figure: bench <name> <value> <unit>
	@deploy/dependencies build run test
	@$(locked) MODE=release programs bench-programs
	@tests/bench/run --build $(BUILD)/release

demo: ## the whole story on this terminal; Ctrl-C removes everything (DEMO_SECONDS=60: ends by itself)
	@deploy/dependencies build run
	@$(locked) MODE=release programs
	@deploy/demo --build $(BUILD)/release

lint: ## layout, format, include rule, shell scripts, clang-tidy
	@deploy/dependencies build test
	@.ci/lint

format: ## rewrite our C files in the house's layout
	@git ls-files --cached --others --exclude-standard -- '*.c' '*.h' | xargs clang-format -i

install: programs ## install programs, unit files and examples under DESTDIR/PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/share/custodyd
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	for unit in custodyd.service custodyd-witness.service custodyd-gateway.service; do \
		sed 's|/usr/local/|$(PREFIX)/|' deploy/systemd/$$unit > $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit; \
	done
	install -m 644 deploy/README.md deploy/mosquitto/* $(DESTDIR)$(PREFIX)/share/custodyd

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
