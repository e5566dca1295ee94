PYTHON ?= .venv/bin/python
UV ?= uv
COMPILE = $(UV) pip compile -q pyproject.toml --generate-hashes --no-header --no-annotate
EXTRAS = --extra mqtt --extra web --extra metrics

.PHONY: check format lock release-check test

check: ## lint, types and the edge tests: about two minutes, no hardware, no TensorFlow
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/shellcheck -x setup.sh .ci/run scripts/recipes/*.sh scripts/install/*.sh scripts/edgetpu/*.sh scripts/appliance/build/fetch.sh scripts/appliance/guest/*.sh
	$(PYTHON) -m pytest tests/edge tests/test_architecture.py

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

test:
	./setup.sh test

release-check: ## what a release still lacks
	$(PYTHON) scripts/release_check.py

lock: ## needs uv
	$(COMPILE) --universal --python-version 3.11 --extra litert --extra gpio $(EXTRAS) -c requirements/py311.in -o requirements/edge-py311.lock
	$(COMPILE) --universal --python-version 3.11 --extra tflite-runtime --extra gpio $(EXTRAS) -c requirements/py311.in -o requirements/edge-py311-tflite-runtime.lock
	$(COMPILE) --python-version 3.11 --extra tflite-runtime --extra test $(EXTRAS) -c requirements/edge-py311-tflite-runtime.lock -o requirements/test-py311-tflite-runtime.lock
	$(COMPILE) --universal --python-version 3.12 --extra litert $(EXTRAS) -c requirements/py313.in -o requirements/edge-py313.lock
	$(COMPILE) --python-version 3.11 --extra litert --extra train --extra dev -c requirements/edge-py311.lock -o requirements/dev-py311.lock
	$(COMPILE) --python-version 3.12 --extra litert --extra train --extra dev -c requirements/edge-py313.lock -o requirements/dev-py313.lock
