# shellcheck shell=bash
# For test scripts of which one half runs in the virtual node: it speaks TAP there as it would here. Sourced by the other
# half, behind tests/lib.sh.
#
#   need_node CMD...        skips the script when a virtual node, kafka-tuner or one of these is missing here
#   node OPTIONS...         boots with options of tests/vm/run, and runs "$0 inside WORD..." there; WORDs stand behind --
#
# The node has both programs in PATH, bash, tests/lib.sh and tests/vm/stacks.sh.

bin=${BUILD:-build}/bin

need_node() {
  need_cmd bash qemu-system-x86_64 busybox cpio lz4 cc "$@"
  if [ ! -x "$bin/kafka-tuner" ] || [ ! -x "$bin/kafka-initc" ]; then t_skip_rest "the programs are not built"; fi
  tests/vm/kernel >/dev/null || t_skip_rest "there is no kernel for the virtual node"
}

node() {
  local options=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  nice tests/vm/run -t 300 -b bash -f "$bin/kafka-tuner:/bin/kafka-tuner" -f "$bin/kafka-initc:/bin/kafka-initc" \
    -f tests/lib.sh:/tests/lib.sh -f tests/vm/stacks.sh:/tests/vm/stacks.sh -f "$0:/tests/vm/${0##*/}" \
    "${options[@]}" -- bash "/tests/vm/${0##*/}" inside "${@:2}"
}
