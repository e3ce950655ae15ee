# The front door: every target calls one or two tools. PREFIX, DESTDIR and ENGINE (release, or quick: the one
# that the tests use) steer install, JOBS the cores.
PREFIX ?= /usr/local
ENGINE ?= release
PRESET ?= ci

.PHONY: all setup demo test check fmt lint abi bless fuzz docs bench long install clean
all: setup
	@tools/engine.sh $(PRESET) quick && tools/build.sh $(PRESET)
setup:
	@tools/setup.sh
demo: all
	@PN_BUILD_DIR=build/$(PRESET) tools/demo.sh
test: all
	@tools/test.sh $(PRESET)
check:
	@tools/check.sh
fmt:
	@tools/fmt.sh
lint:
	@tools/setup.sh check && tools/engine.sh dev quick && tools/lint.sh
abi: all
	@tools/check-abi
bless: all
	@PN_BLESS=1 tools/test.sh $(PRESET)
fuzz:
	@tools/fuzz.sh
docs: setup
	@tools/check-docs && tools/check-spec-map
bench: setup
	@tools/engine.sh release release && tools/build.sh release && bench/run.sh
long: check
	@tools/long.sh
install: setup
	@tools/engine.sh release $(ENGINE) && tools/build.sh release && tools/install.sh "$(PREFIX)" "$(DESTDIR)"
clean:
	@rm -rf build
