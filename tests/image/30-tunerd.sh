#!/usr/bin/env bash
# The agent's image: what is in it and what is not, that every library is there and none too many, and that its programs run
# in it: chrooted, and without.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq readelf strip dpkg-deb
# shellcheck source=box.sh
. tests/image/box.sh
export BUILD="${BUILD:-build}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/tunerd.XXXXXX")
at_exit rm -rf "$dir"
root=$dir/tunerd/root

has() { [ "$(box_config "$dir/tunerd" "$1")" = true ] || { jq . "$dir/tunerd/config.json"; return 1; }; }

below() { # FILE BYTES
  local size
  size=$(stat -c %s "$1")
  [ "$size" -lt "$2" ] || { echo "$size bytes"; return 1; }
}

# What the programs and libraries ask for, and what there is: the same.
asked() {
  find "$root/host/usr" -type f -perm -100 -exec readelf -d {} \; 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u
}

programs() { (cd "$root" && find . -type f -perm -100 ! -name '*.so*' | sort); }

inside() { chroot "$root" "$@"; }

listed() { # NAME...
  local name
  for name in "$@"; do
    jq -e --arg name "$name" '[.packages[].name] | index($name)' "$BUILD/images/tunerd.spdx.json" >/dev/null || { echo "no $name"; return 1; }
  done
}

t_case build
run 0 image/build tunerd || { done_testing; exit 1; }
expect_stdout_has "docker.io/k8skafka/tunerd:$(cat VERSION)"
box_unpack "$BUILD/images/tunerd.tar" "$dir/tunerd"

t_case contents
check "less than 30 MB" below "$BUILD/images/tunerd.tar" 30000000
check "entry point" has '.config.Entrypoint == ["/usr/sbin/chroot", "/host", "/usr/bin/kafka-tunerd"]'
check "our programs and chroot: no shell, nothing else to run" diff <(programs) \
  <(printf './host/usr/%s\n' bin/kafka-tuner bin/kafka-tunerd local/bin/kafka-diskbench sbin/chroot)
check "every library that is asked for, and no other" diff <(asked) <(cd "$root/host/usr/lib/x86_64-linux-gnu" && printf '%s\n' * | sort)
check "everything is root's, nothing is setuid or for others to write" \
  test -z "$(find "$root" ! -type l \( ! -uid 0 -o -perm /6000 -o -perm -2 \))"
check "bill of materials" listed kafka-tunerd kafka-tuner kafka-diskbench libc6 libcurl4 libmicrohttpd12 coreutils

t_case programs
run 0 inside /usr/sbin/chroot /host /usr/bin/kafka-tunerd --version
expect_stdout_has "kafka-tunerd $(cat VERSION)"
run 0 inside /usr/bin/kafka-tuner --version
run 0 chroot "$root/host" /usr/bin/kafka-tuner list
check "kafka-tunerd finds its libraries where it ends up" chroot "$root/host" /usr/bin/kafka-tunerd --help
done_testing
