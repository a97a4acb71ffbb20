#!/usr/bin/env bash
# Two builds in two folders have the same bytes: programs, layers, images, bills of materials.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd make jq unshare unzip strip
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
JARS_DIR=$(tests/kafka/jars --dir) && export JARS_DIR

if ! why=$(tests/kafka/jars 4.3.1 2>&1 >/dev/null); then
  t_skip_rest "no jars: $why"
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/reproducible.XXXXXX")
at_exit rm -rf "$dir"

# The packages are fetched once: what they are is pinned anyway.
build() { # FOLDER
  mkdir -p "$dir/$1/images" "$BUILD/images/debs" || return 1
  ln -s "$BUILD/images/debs" "$dir/$1/images/debs"
  make -s BUILD="$dir/$1" programs && BUILD=$dir/$1 image/build initc tunerd kafka
}

check "what make images built, or builds now" image/build initc tunerd kafka || { done_testing; exit 1; }
sleep 1.1 # so that a time of now, if there were one, would differ
check "another build" build two || { done_testing; exit 1; }
for file in initc.tar initc.spdx.json tunerd.tar tunerd.spdx.json kafka.tar kafka.spdx.json; do
  check "$file" cmp "$BUILD/images/$file" "$dir/two/images/$file"
done
for layer in "$dir"/two/images/layers/*.tar; do
  check "layer ${layer##*/}" cmp "$BUILD/images/layers/${layer##*/}" "$layer"
done
done_testing
