#!/usr/bin/env bash
# How the programs are linked, how big they are, and that they start where there is nothing else.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
build=${BUILD:-build}
size_max=$((2 * 1024 * 1024)) # kafka-initc is copied into a hand-off directory in memory at every start of a pod

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"

has_no() { ! grep -E "$1" <<<"$2"; }
has() { grep -qE "$1" <<<"$2" || { echo "no $1 in:"; printf '%s\n' "$2"; return 1; }; }
is_small() { echo "$(stat -c %s "$1") bytes"; [ "$(stat -c %s "$1")" -lt "$size_max" ]; }
says() { # PATTERN COMMAND...
  local pattern=$1 out
  shift
  out=$("$@" </dev/null) || { echo "status $?"; return 1; }
  has "$pattern" "$out"
}
exits() { # STATUS COMMAND...
  local want=$1 status
  shift
  "$@" </dev/null
  status=$?
  [ "$status" = "$want" ] || { echo "status $status, not $want"; return 1; }
}

linked_well() { # PROGRAM
  local name=$1 file=$build/bin/$1 headers dynamic
  headers=$(readelf -Wl "$file")
  dynamic=$(readelf -Wd "$file")
  check "$name: position independent" has 'FLAGS_1.*PIE' "$dynamic"
  check "$name: needs no loader" has_no 'INTERP' "$headers"
  check "$name: needs no library" has_no 'NEEDED' "$dynamic"
  check "$name: relocations are read-only" has 'GNU_RELRO' "$headers"
  check "$name: bound at start" has 'BIND_NOW|FLAGS_1.*NOW' "$dynamic"
  check "$name: stack is not executable" has 'GNU_STACK.* RW  *0x' "$headers"
  check "$name: no segment is writable and executable" has_no 'LOAD.* RWE' "$headers"
}

starts_well() { # PROGRAM
  local name=$1 file=$build/bin/$1 version
  version=$(cat VERSION)
  check "$name: --version says $version" says "^$name ${version//./\\.} " "$file" --version
  check "$name: --help" says 'Usage: ' "$file" --help
  check "$name: no verb is a usage error" exits 2 "$file"
  check "$name: an unknown option is a usage error" exits 2 "$file" --no-such-option
  check "$name: help into a full disk fails" exits 4 sh -c '"$1" --help >/dev/full' sh "$file"
  if [ "$(id -u)" = 0 ] && command -v chroot >/dev/null; then
    mkdir -p "$scratch/empty"
    cp "$file" "$scratch/empty/program"
    check "$name: starts in an empty root" says "^$name " chroot "$scratch/empty" /program --version
  else
    skip "$name: starts in an empty root" "chroot needs root"
  fi
}

for program in kafka-initc kafka-tuner kafka-diskbench; do
  if [ ! -x "$build/bin/$program" ]; then
    not_ok "$program is built"
    continue
  fi
  if command -v readelf >/dev/null; then
    linked_well "$program"
  else
    skip "$program: how it is linked" "readelf is not installed (binutils)"
  fi
  starts_well "$program"
  strip -o "$scratch/$program" "$build/bin/$program"
  check "$program: stripped, below 2 MiB" is_small "$scratch/$program"
  echo "# $program: $(stat -c %s "$scratch/$program") bytes stripped"
done
done_testing
