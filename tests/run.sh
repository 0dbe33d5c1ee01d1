#!/usr/bin/env bash
# Brings what the tests need, says what it brings, and runs every check and every test.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

# Debian packages that are missing, by the program that shows it.
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need strace strace
need nats-server nats-server
need pgbouncer pgbouncer
need chromium chromium
need node nodejs
need npm npm
need git git
need pdftotext poppler-utils
need openssl openssl
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Bringing ${missing[*]} with apt-get"
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "The tests need: ${missing[*]}. Type:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

say "ONNX Runtime"
models/fetch_onnxruntime.sh vendor/onnxruntime

if ! PYTHONPATH=vendor/aiosmtpd python3 -c 'import aiosmtpd.smtp' 2>/dev/null; then
  say "Bringing aiosmtpd, a mail server for the plays, with pip into vendor/"
  python3 -m pip install --quiet --disable-pip-version-check --target vendor/aiosmtpd aiosmtpd==1.4.6
fi

# Where nothing has been built yet, what would quicken the builds after it only costs time.
[ -d "${CARGO_TARGET_DIR:-target}/debug" ] || export CARGO_INCREMENTAL=0

say "Formatting, lints, docs"
cargo fmt --check
cargo clippy --quiet --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --document-private-items

say "Web files: types, tests, and whether the committed ones are what the sources give"
(
  cd web-widget
  npm ci --ignore-scripts --no-audit --no-fund --silent
  npm run --silent check
  npm test --silent
  npm run --silent build
)
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  git diff --exit-code --stat -- web-widget/dist web-widget/protocol.ts || {
    echo "web-widget/dist is stale: run \`make web\` and commit it" >&2
    exit 1
  }
fi

say "localstripe, a double of Stripe"
tests/bring_localstripe.sh

say "Rust tests"
cargo test --quiet --no-run
cargo test --lib --bins --tests

say "Browser tests"
cargo build --quiet
PLAINBILL_BIN="${CARGO_TARGET_DIR:-target}/debug/plainbill" node tests/browser/run.mjs
