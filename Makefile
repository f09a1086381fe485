# setup build demo test bench lint format clean. Each does the set-up that it needs.
PYTHON := .venv/bin/python
MVN := bash scripts/mvn.sh
JARS := $(patsubst %,python/torchfits/jars/%.jar,torchfits-dlpack torchfits-engine \
	aircompressor caffeine commons-compress commons-io xz)
# Folders are listed too: their times change when a file in them is deleted.
JAVA_SOURCES := pom.xml .mvn/jvm.config $(shell find dlpack-bridge java-engine -path '*/target' -prune -o -print)

# Stamps hold what was done: the environment installed, the jars built from these sources.
INSTALLED := .venv/.torchfits-installed
BUILT := target/.torchfits-built
PEERS_INSTALLED := .venv-cpp/.torchfits-installed

section = @printf '\n==> %s\n' '$(1)'

.PHONY: setup build demo test bench lint lint-python lint-java test-java format clean FORCE

setup: build

build: $(BUILT)

# Maven does not renew the times of jars whose bytes stay the same, so a stamp stands for them.
$(BUILT): $(JAVA_SOURCES) $(if $(filter-out $(wildcard $(JARS)),$(JARS)),FORCE) | $(INSTALLED)
	$(call section,build the engine)
	$(MVN) -DskipTests --projects dlpack-bridge,java-engine package
	@mkdir -p $(@D) && touch $@

$(INSTALLED): pyproject.toml hatch_build.py scripts/setup.sh
	$(call section,set up .venv)
	bash scripts/setup.sh
	@touch $@

# The C++ package of the same import name, to be measured beside ours.
$(PEERS_INSTALLED): Makefile | $(INSTALLED)
	$(call section,set up .venv-cpp)
	.venv/bin/uv venv --quiet --allow-existing --python $(PYTHON) .venv-cpp
	.venv/bin/uv pip install --python .venv-cpp/bin/python 'torch==2.14.*' 'torchfits==1.3.1'
	@touch $@

demo: setup
	$(PYTHON) examples/train_cutouts.py $(if $(DATA),'$(DATA)')

bench: setup $(PEERS_INSTALLED)
	$(PYTHON) benchmarks/run.py $(BENCH_ARGS)

lint: lint-python lint-java

lint-python: setup
	$(call section,ruff)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	$(call section,pyright)
	.venv/bin/pyright
	$(call section,import-linter)
	.venv/bin/lint-imports --no-logo

lint-java: setup
	$(call section,spotless)
	$(MVN) spotless:check

# Its last step is spotless:check.
test-java: setup
	$(call section,Java tests)
	$(MVN) verify

# Pyright works on one processor while the Java tests do; what each prints comes when it is over.
test: setup
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-python test-java
	$(call section,Python tests)
	.venv/bin/pytest --numprocesses 2 --dist worksteal

format: setup
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	$(MVN) spotless:apply

clean:
	rm -rf target */target python/torchfits/jars dist out .pytest_cache .ruff_cache .hypothesis .import_linter_cache
