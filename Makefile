# What a person types. `make run` and `make test` bring what they need, and say so.

.PHONY: run test check web clean

LIBRARY := vendor/onnxruntime

# Builds and starts everything: http://127.0.0.1:8080/
run:
	@models/fetch_onnxruntime.sh $(LIBRARY) || echo "Going on with the slower engine that is built in."
	cargo run --release -- serve

# All checks and all tests.
test:
	@tests/run.sh

# What is quick to look at between two changes.
check:
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	cargo test --quiet --lib --test tidy --test docs
	cd web-widget && ([ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --silent) && npm run --silent check

# The web files that are embedded, from their sources.
web:
	cd web-widget && npm ci --ignore-scripts --no-audit --no-fund && npm run build

clean:
	cargo clean
	rm -rf $(LIBRARY) web-widget/node_modules
