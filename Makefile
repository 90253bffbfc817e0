# Everything a person types. `make help` prints the lines that begin with `##`.
# The environment is .venv, built from requirements.lock by whatever target needs it first.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ARGS ?=
WORKERS ?= 2
# Compiled once: five parts that compile what they import take a start from seconds to half a minute.
export PYTHONDONTWRITEBYTECODE :=

# Runs one check quietly: a line when it holds, its output when it does not.
define check
@printf '%-12s' '$(1)'; started=$$SECONDS; \
if found=$$($(2) 2>&1); then printf 'ok  %ss\n' $$((SECONDS - started)); \
else printf 'failed\n%s\n' "$$found"; exit 1; fi
endef

.PHONY: help up demo test bench bench-import faults faults-short outages outages-short power-cut power-cut-short fuzz fuzz-short mutants audit check format types imports spelling lint lock generated compose-secrets compose-lint compose-test clean

help: ## 显示这些命令 · list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(READY) ## 启动整个平台（Ctrl-C 停止）· run the whole platform (ARGS="--port 9000 --no-demo")
	@exec $(BIN)/shegong up $(ARGS)

demo: $(READY) ## 对运行中的平台演示一分钟 · the product's story, against the running platform
	@exec $(BIN)/shegong demo $(ARGS)

test: $(READY) ## 运行测试（两个进程）· run the tests, in two processes (ARGS="-k referral" WORKERS=0: in one)
	@exec $(BIN)/pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS)

bench: $(READY) ## 测量速度与内存（约十分钟，机器须空闲）· measure speed and memory (ARGS="--quick")
	@exec $(BIN)/python -m tests.perf.bench $(ARGS)

bench-import: $(READY) ## 测量全国站点与社工的表格导入（约五分钟）· measure a country's spreadsheets (ARGS="--scale 0.05")
	@exec $(BIN)/python -m tests.perf.sheets $(ARGS)

faults: $(READY) ## 两百次故障：杀进程、停进程，再查有无丢失（十到二十分钟）· 200 faults, then the final reads (ARGS="--seed 7")
	@exec $(BIN)/python -m tests.fault.campaign $(ARGS)

faults-short: $(READY) ## 四十次故障（约一分半钟）· the short version, as CI runs it
	@exec $(BIN)/python -m tests.fault.campaign --short $(ARGS)

fuzz: $(READY) ## 模糊测试接口（至少两万次）· fuzz the API: 20,000 cases at least
	@exec $(BIN)/python -m tests.attack.fuzz $(ARGS)

fuzz-short: $(READY) ## 简短的模糊测试（两千次以上）· the short version, as CI runs it
	@exec $(BIN)/python -m tests.attack.fuzz --short $(ARGS)

mutants: $(READY) ## 逐一拆除防护，看测试是否发现 · remove one guard at a time: who notices? (ARGS="relay-fence --words")
	@exec $(BIN)/python -m tests.mutants.run $(ARGS)

outages: $(READY) ## 数据库、消息系统、磁盘等逐一失效再恢复（约二十分钟）· one thing after another is away (ARGS="--seconds 60")
	@exec $(BIN)/python -m tests.fault.outages $(ARGS)

outages-short: $(READY) ## 简短的失效试验 · the short version, as CI runs it
	@exec $(BIN)/python -m tests.fault.outages --short $(ARGS)

power-cut: $(READY) ## 断电试验（须 root 与 loop 设备）· cut the power while people write (ARGS="--cuts 30")
	@exec $(BIN)/python -m tests.fault.power_cut $(ARGS)

power-cut-short: $(READY) ## 简短的断电试验 · the short version, as CI runs it
	@exec $(BIN)/python -m tests.fault.power_cut --short $(ARGS)

audit: $(READY) ## 检查依赖的已知漏洞并写出物料清单 · known holes in the dependencies, and the SBOM in build/
	@exec $(BIN)/python -m scripts.audit $(ARGS)

check: $(READY) ## 检查格式、类型、导入、生成的文件和政策 · format, lint, types, imports, generated files, policies
	$(call check,format,$(BIN)/ruff format --check --quiet .)
	$(call check,lint,$(BIN)/ruff check --quiet .)
	$(call check,types,$(BIN)/mypy)
	$(call check,imports,$(BIN)/lint-imports)
	$(call check,spelling,$(BIN)/codespell)
	$(call check,generated,$(BIN)/shegong contracts --check)
	$(call check,migrations,$(BIN)/python -m scripts.lint_migrations)
	$(call check,policies,$(BIN)/shegong policies check)
	$(call check,switches,$(BIN)/python -m tests.mutants.run --fit)

lint: $(READY) ## 用通用工具检查接口、告警和容器（.ci/tools 安装）· others' linters: contracts, alerts, containers
	@.ci/lint

format: $(READY) ## 整理代码格式 · put code into shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

generated: $(READY) ## 重写生成的文件 · write the generated files anew
	@$(BIN)/shegong contracts

lock: $(READY) ## 更新依赖锁定（UPGRADE=1 升级）· lock the dependencies again (UPGRADE=1: newer ones)
	@export UV_CUSTOM_COMPILE_COMMAND='make lock'; \
	compile="$(BIN)/uv pip compile --quiet --universal --generate-hashes $(if $(UPGRADE),--upgrade)"; \
	$$compile --all-extras pyproject.toml -o requirements.lock; \
	$$compile -c requirements.lock pyproject.toml -o deploy/image.lock; \
	$$compile deploy/tools.in -o deploy/tools.lock; \
	$$compile .ci/node.in -o .ci/node.lock

compose-secrets: ## 为容器生成密码（一次）· passwords for the containers, once
	@$(PYTHON) -m deploy.compose.secrets $(ARGS)

compose-test: $(READY) ## 真实启动全部容器并检验 · build and start the containers for real (ARGS="--keep FOLDER")
	@$(BIN)/python -m tests.compose.drill $(ARGS)

clean: ## 删除环境与缓存（不删除数据）· remove environment and caches, never data
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Others must be able to read it: as root, PostgreSQL runs from here as a user of its own.
$(READY): requirements.lock deploy/tools.lock pyproject.toml
	@umask 022; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'shegong: 需要 Python 3.11 或更高版本（make PYTHON=python3.12 …）/ Python 3.11 or later is needed'; exit 2; }; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'shegong: 缺少 venv 模块（Debian：apt install python3-venv）/ the venv module is missing'; exit 2; }; \
	echo '正在准备环境 · preparing the environment (.venv)'; \
	test -x $(BIN)/python || $(PYTHON) -m venv .venv; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-warn-script-location \
	  --require-hashes -r deploy/tools.lock; \
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock deploy/tools.lock; \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline \
	  --config-setting editable_mode=compat -e .; \
	touch $@
