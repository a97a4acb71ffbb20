#!/usr/bin/env bash
# Static analysis: gcc's -fanalyzer over every source, one test each, and a whole build with clang, without a warning.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
build=${BUILD:-build}
log=$(mktemp) || exit 1
at_exit rm -f "$log"

# Prints "SOURCE:LINE: TEXT" of every warning in the log that has no row in known.txt.
unknown() {
  awk -F'\t' '
    NR == FNR { if ($0 !~ /^#/ && NF >= 4) known[$1 " " $2 " " $3] = 1; next }
    /: In function / { name = $0; sub(/^[^:]*: In function ./, "", name); gsub(/[^A-Za-z0-9_]/, "", name); next }
    /: At top level:/ { name = ""; next }
    /: (warning|error): / {
      file = $0; sub(/:.*/, "", file)
      flag = $0; sub(/.*\[-W/, "", flag); sub(/\].*/, "", flag)
      if (!((file " " name " " flag) in known)) print $0 " (in " name ")"
    }' tests/analyze/known.txt "$log" | LC_ALL=C sort -u
}

analyze() {
  local source found
  rm -rf "${build:?}/analyze" # what was compiled before says nothing any more
  LC_ALL=C make -k -O -j"$(nproc)" BUILD="$build/analyze" CC=gcc CFLAGS='-O1 -fanalyzer' WERROR= objects >"$log" 2>&1
  found=$(unknown)
  while IFS= read -r source; do
    if [ -f "$build/analyze/${source%.c}.o" ] && ! grep -qF -- "$source:" <<<"$found"; then
      ok "gcc -fanalyzer $source"
    else
      not_ok "gcc -fanalyzer $source" "$(grep -F -- "$source:" <<<"$found")"
    fi
  done < <(find lib initc tuner daemonset -name '*.c' | LC_ALL=C sort)
}

build_with_clang() {
  if make -k -O -j"$(nproc)" BUILD="$build/clang" CC="${CLANG:-clang}" CFLAGS=-O2 WERROR=-Werror programs >"$log" 2>&1; then
    ok "clang builds the programs without a warning"
  else
    not_ok "clang builds the programs without a warning" "$(grep -E 'error:|warning:|\*\*\*' "$log" | head -n 40)"
  fi
}

if command -v gcc >/dev/null; then analyze; else skip "gcc -fanalyzer" "gcc is not installed"; fi
if command -v "${CLANG:-clang}" >/dev/null; then
  build_with_clang
else
  skip "clang builds the programs without a warning" "clang is not installed"
fi
done_testing
