#!/usr/bin/env bash
# SIGKILL in front of every write, sync and prlimit of apply and revert, of a kernel setting, a queue and a process's limit:
# one apply then brings everything about, or one revert everything back, nothing is left in the journal, and nr_requests, which
# a scheduler resets, is what it was.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
if [ "${1:-}" != inside ]; then
  # shellcheck source=inside.sh
  . tests/vm/inside.sh
  need_node strace
  node -b strace -l kyber_iosched -d virtio:+32M
  exit
fi

# shellcheck source=stacks.sh
. tests/vm/stacks.sh
only=vm.max_map_count,queue.scheduler,process.nofile
journal=/var/lib/k8skafka/journal
sleep 3600 &
process=$!
apply=(kafka-tuner apply --device vda --pid "$process" --only "$only")
# Into $values. Without starting a program, which takes long here.
read_values() {
  local maps schedulers requests line
  read -r maps </proc/sys/vm/max_map_count
  read -r schedulers </sys/block/vda/queue/scheduler
  read -r requests </sys/block/vda/queue/nr_requests
  while read -r line; do
    case $line in "Max open files"*) read -r _ _ _ _ values _ <<<"$line" ;; esac
  done <"/proc/$process/limits"
  schedulers=${schedulers#*[}
  values="$maps ${schedulers%%]*} $requests $values"
}
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }

set_queue vda scheduler kyber
set_queue vda nr_requests 200 # neither of the kernel's numbers, and a scheduler resets it
read_values
untuned=$values
t_case "not killed"
run 0 "${apply[@]}"
read_values
tuned=$values
check "all three are set" is "$tuned" "262144 mq-deadline 200 100000"
run 0 kafka-tuner revert
read_values
check "and taken back" is "$values" "$untuned"

# CALL apply|revert: killed in front of each CALL of it, until one run has no more of them.
killed() {
  local call=$1 verb=$2 n status wrong="" after
  for ((n = 1; n < 60; n++)); do
    rm -f "$journal"
    command=("${apply[@]}")
    if [ "$verb" = revert ]; then
      "${apply[@]}" >/dev/null
      command=(kafka-tuner revert)
    fi
    status=0
    { strace -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$n" "${command[@]}" || status=$?; } >/dev/null 2>&1
    [ "$status" = 137 ] || break # of CALL there are not so many
    kills=$((kills + 1))
    if [ $((n % 2)) = 0 ]; then
      after=$("${apply[@]}") || wrong+="$n: apply: $after "
      read_values
      [ "$values" = "$tuned" ] || wrong+="$n: after apply it is $values "
    fi
    after=$(kafka-tuner revert) || wrong+="$n: revert: $after "
    read_values
    [ "$values" = "$untuned" ] || wrong+="$n: after revert it is $values "
    after=$(kafka-tuner revert)
    case $after in *"nothing to take back"*) ;; *) wrong+="$n: the journal is not closed: $after " ;; esac
  done
  [ "$status" = 0 ] || wrong+="$n: the run that was not killed ended with $status "
  [ "$n" -gt 1 ] || wrong+="it was never killed "
  kafka-tuner revert >/dev/null
  if [ -n "$wrong" ]; then not_ok "$verb, in front of each $call" "$wrong"; else ok "$verb, in front of each of $((n - 1)) $call"; fi
}
t_case "killed"
kills=0
for verb in apply revert; do
  for call in write fsync prlimit64; do killed "$call" "$verb"; done
done
check "there were dozens of kills" test "$kills" -gt 30
echo "# $kills kills"
done_testing
