#!/usr/bin/env bash
# Brings localstripe, the double of Stripe that the tests start, into the folder for what is built.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="${CARGO_TARGET_DIR:-target}/localstripe"
if [ -f "$folder/brought" ] && cmp -s tests/localstripe.txt "$folder/brought"; then
  exit 0
fi
echo "Bringing localstripe into $folder with pip"
rm -rf "$folder"
python3 -m pip install --quiet --disable-pip-version-check --target "$folder" --requirement tests/localstripe.txt
cp tests/localstripe.txt "$folder/brought"
