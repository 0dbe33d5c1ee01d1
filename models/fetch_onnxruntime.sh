#!/usr/bin/env bash
# Brings ONNX Runtime's shared library into the folder DEST and prints the library's path.
# usage: models/fetch_onnxruntime.sh DEST
# Looks, in this order: in DEST itself, in the wheel of the Python package, in the package for Node.
# Exit 0: the path is on standard output. Exit 1, with one line on standard error that says why: nothing in DEST has changed.
set -euo pipefail

wheel_version=1.31.1
node_version=1.30.0

fail() {
  echo "fetch_onnxruntime: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: models/fetch_onnxruntime.sh DEST"
dest=$1

# Per platform: the wheel's tag, the library in the wheel and its SHA-256, the library in the Node package and its SHA-256.
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64)
    library=libonnxruntime.so
    wheel_tag=manylinux_2_28_x86_64
    wheel_path=onnxruntime/capi/libonnxruntime.so.$wheel_version
    wheel_sha256=fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3
    node_path=package/bin/napi-v6/linux/x64/libonnxruntime.so.1
    node_sha256=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23
    ;;
  Linux-aarch64)
    library=libonnxruntime.so
    wheel_tag=manylinux_2_28_aarch64
    wheel_path=onnxruntime/capi/libonnxruntime.so.$wheel_version
    wheel_sha256=8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467
    node_path=package/bin/napi-v6/linux/arm64/libonnxruntime.so.1
    node_sha256=1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76
    ;;
  Darwin-arm64)
    library=libonnxruntime.dylib
    wheel_tag=macosx_14_0_arm64
    wheel_path=onnxruntime/capi/libonnxruntime.$wheel_version.dylib
    wheel_sha256=d586cbe89effc085a09d3341b3cfbd5c322517f9d397aeb20814af21433f2b36
    node_path=package/bin/napi-v6/darwin/arm64/libonnxruntime.1.dylib
    node_sha256=685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d
    ;;
  *) fail "there is no prebuilt ONNX Runtime for $(uname -s) $(uname -m); plainbill runs on rten instead" ;;
esac

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Moves a checked library to its place; a wrong hash is an error, never a reason to try elsewhere.
keep() {
  local found=$1 expected=$2 from=$3 seen
  seen=$(sha256_of "$found")
  [ "$seen" = "$expected" ] || fail "the library from $from has SHA-256 $seen, expected $expected; nothing was kept"
  mkdir -p "$dest" || fail "cannot make the folder $dest"
  chmod 644 "$found"
  # Beside its place first, so that the last step is a rename and nobody ever sees half a library.
  cp "$found" "$dest/$library.part" && mv "$dest/$library.part" "$dest/$library" || fail "cannot write to $dest"
  echo "$dest/$library"
  exit 0
}

if [ -e "$dest/$library" ]; then
  seen=$(sha256_of "$dest/$library")
  case "$seen" in
    "$wheel_sha256" | "$node_sha256") echo "$dest/$library" && exit 0 ;;
    *) fail "$dest/$library has SHA-256 $seen, expected $wheel_sha256 (or $node_sha256); remove it to fetch it again" ;;
  esac
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tried=""

for python in python3 python; do
  "$python" -m pip --version >/dev/null 2>&1 || continue
  # The tags are given, so that the local Python's version doesn't matter: only the library inside is used.
  if "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --platform "$wheel_tag" --implementation cp --python-version 3.12 --abi cp312 \
    --dest "$work" "onnxruntime==$wheel_version" >"$work/pip.log" 2>&1 &&
    "$python" -c 'import sys, zipfile; open(sys.argv[3], "wb").write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
      "$work"/onnxruntime-*.whl "$wheel_path" "$work/$library" 2>>"$work/pip.log"; then
    keep "$work/$library" "$wheel_sha256" "onnxruntime $wheel_version (pip)"
  fi
  tried="pip failed ($(tail -n 1 "$work/pip.log")); "
  break
done

if command -v npm >/dev/null; then
  # pack, not install: no script of the package runs.
  if (cd "$work" && npm pack --silent "onnxruntime-node@$node_version" &&
    tar -xzf "onnxruntime-node-$node_version.tgz" "$node_path") >"$work/npm.log" 2>&1; then
    keep "$work/$node_path" "$node_sha256" "onnxruntime-node $node_version (npm)"
  fi
  tried="${tried}npm failed ($(tail -n 1 "$work/npm.log"))"
fi

fail "could not bring ONNX Runtime: ${tried:-neither pip nor npm is here}; plainbill runs on rten instead"
