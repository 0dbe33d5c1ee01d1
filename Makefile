# What a person types. `make run` and `make test` bring what they need, and say so.

.PHONY: run test web clean

LIBRARY := vendor/onnxruntime

# Builds and starts everything: http://127.0.0.1:8080/
run:
	@models/fetch_onnxruntime.sh $(LIBRARY) || echo "Going on with the slower engine that is built in."
	cargo run --release -- serve

# All checks and all tests.
test:
	@tests/run.sh

# The web files that are embedded, from their sources.
web:
	cd web-widget && npm ci --ignore-scripts --no-audit --no-fund && npm run build

clean:
	cargo clean
	rm -rf $(LIBRARY) web-widget/node_modules
