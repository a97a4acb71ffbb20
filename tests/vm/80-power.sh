#!/usr/bin/env bash
# Power cuts: the node is reset at the moment at which apply or revert stands in front of a write or a sync, with whatever its
# disk holds then. After the next boot the journal is whole, everything that had been changed is announced in it with its old
# value, and revert says of it that the kernel forgot.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
only=vm.max_map_count,queue.read_ahead_kb
state=/var/lib/k8skafka

# Each boot looks at what the cut before it left, then goes on to the next: VERB CALL NUMBER, or nothing more.
if [ "${1:-}" = inside ]; then
  # shellcheck source=stacks.sh
  . tests/vm/stacks.sh
  mkdir -p "$state"
  mount -t ext4 /dev/vda "$state" || exit 9
  values() { echo "$(cat /proc/sys/vm/max_map_count) $(cat /sys/block/vdb/queue/read_ahead_kb)"; }
  [ ! -e "$state/journal" ] || { echo "journal:"; cat "$state/journal"; }
  echo "values: $(values)"
  kafka-tuner revert -o json >/tmp/revert
  echo "revert: $?"
  cat /tmp/revert
  echo "values: $(values)"
  echo "again: $(kafka-tuner revert)"
  [ -n "${2:-}" ] || exit 0
  rm -f "$state/journal"
  command=(kafka-tuner apply --device vdb --only "$only")
  if [ "$2" = revert ]; then
    "${command[@]}" >/dev/null
    command=(kafka-tuner revert)
  fi
  sync
  strace -o /dev/null -e trace="$3" -e inject="$3:signal=SIGKILL:when=$4" "${command[@]}" >/dev/null 2>&1
  status=$?
  echo "cut: $status $(values)"
  [ "$status" = 137 ] || exit 0 # there are not so many calls
  echo b >/proc/sysrq-trigger
  sleep 60
fi

# shellcheck source=inside.sh
. tests/vm/inside.sh
need_node jq strace mkfs.ext4
scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
untuned="65530 128"
boot() { node -b strace -d "virtio:$folder/disk" -d virtio:+16M -- "$@"; }
part() { sed -n "s/^$1: //p" "$folder/seen"; }

# What the node's first words say about the cut before it, whose last words were $cut_values.
judge() { # NAME
  local problem="" row values
  sed -n '/^journal:/,/^values:/{/^journal:/d;/^values:/d;p}' "$folder/seen" >"$folder/journal"
  sed -n '/^revert: /,/^values:/{/^revert:/d;/^values:/d;p}' "$folder/seen" >"$folder/report"
  # An unfinished last line is one that was being written; the others are JSON.
  tail -c 1 "$folder/journal" | grep -q . && problem+="the journal does not end with its line; "
  jq -s . "$folder/journal" >/dev/null 2>&1 || problem+="the journal is not whole: $(tr '\n' ' ' <"$folder/journal"); "
  read -r -a values <<<"$cut_values"
  for row in "0 vm.max_map_count 65530" "1 queue.read_ahead_kb 128"; do
    read -r index id old <<<"$row"
    [ "${values[index]}" = "$old" ] || jq -es "any(.[]; .event == \"intent\" and .id == \"$id\" and .old == \"$old\")" \
      "$folder/journal" >/dev/null || problem+="$id was ${values[index]} and no line says that it had been $old; "
  done
  [ "$(part values | sort -u)" = "$untuned" ] || problem+="the values are $(part values | tr '\n' ' '); "
  [ "$(part revert)" = 0 ] || problem+="revert: $(part revert); "
  jq -es 'length == 1 and (.[0].rows | all(.state == "ok" and (.reason | contains("the kernel forgot"))))' "$folder/report" >/dev/null ||
    problem+="revert says $(tr '\n' ' ' <"$folder/report"); "
  [[ $(part again) == *"nothing to take back"* ]] || problem+="then: $(part again); "
  printf '%s\n' "$1" "$problem" >>"$folder/results"
}

cut() { # VERB CALL NUMBER; fails when there are not so many
  local status=0
  boot "$@" >"$folder/seen" 2>"$folder/err" || status=$?
  [ -z "$last" ] || judge "$last"
  last=""
  [ "$status" != 0 ] || return 1
  if [ "$status" != 125 ] || [[ $(part cut) != 137* ]]; then
    printf '%s\n' "cut $*" "status $status: $(cat "$folder/seen" "$folder/err" | tr '\n' ' ')" >>"$folder/results"
    return 1
  fi
  cut_values=$(part cut)
  cut_values=${cut_values#137 }
  last="$1, cut in front of $2 number $3 (values $cut_values)"
}

cut_all() { # VERB: one disk and one node after the other
  local folder=$scratch/$1 last="" cut_values=$untuned call number
  mkdir "$folder"
  truncate -s 32M "$folder/disk"
  mkfs.ext4 -q "$folder/disk" || return
  for call in write fsync; do
    for ((number = 1; number < 20; number++)); do cut "$1" "$call" "$number" || break; done
  done
}

t_case "power"
cut_all apply &
cut_all revert &
wait
cuts=0
for verb in apply revert; do
  while IFS= read -r name && IFS= read -r problem; do
    if [ -n "$problem" ]; then not_ok "$name" "$problem"; else ok "$name"; fi
    cuts=$((cuts + 1))
  done <"$scratch/$verb/results"
done
check "there were a dozen of cuts" test "$cuts" -ge 12
echo "# $cuts cuts"
done_testing
