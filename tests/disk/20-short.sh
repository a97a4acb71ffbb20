#!/usr/bin/env bash
# The short form of tests/disk/truth: a volume that bursts, one that does not, and two below a common cap, each measured once
# and without any flag but the time. All figures are right, nothing is claimed that is not there, nothing is left behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=bed.sh
. tests/disk/bed.sh
need_cmd jq
diskbench=${BUILD:-build}/bin/kafka-diskbench
[ -x "$diskbench" ] || t_skip_rest "kafka-diskbench is not built"
bed_need

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"

measure() { # REPORT ARG...
  local report=$1
  shift
  # as urgent as the bed: what else the machine does is not to be measured
  nice -n -20 "$diskbench" --quiet -o json "$@" >"$scratch/$report" 2>"$scratch/$report.err"
  echo $? >"$scratch/$report.status"
}

is_measured() { # REPORT
  grep -qx -e 0 -e 6 "$scratch/$1.status" && return
  echo "status $(cat "$scratch/$1.status")"
  cat "$scratch/$1.err"
  jq -c '.exitCode, .volumes[].error' "$scratch/$1"
  return 1
}

# Every figure of the report is near the truth, as judge.jq has it.
judge() { # REPORT TRUTH
  local what state off limit words
  # 6: not proven, which a machine with much else to do may bring about; the figures have to be right all the same
  check "is measured" is_measured "$1"
  jq -r --argjson truth "$2" -f tests/disk/judge.jq "$scratch/$1" >"$scratch/judged" ||
    { not_ok "is a report" "$(head -n 5 "$scratch/$1.err")"; return; }
  while IFS=$'\t' read -r what state off limit words; do
    if [ "$state" = ok ]; then ok "$what is $words"; else not_ok "$what is $words" "off by $off, at most $limit"; fi
  done <"$scratch/judged"
}

is_empty() {
  local path
  for path in "$@"; do
    [ -z "$(find "$path" -mindepth 1 ! -name lost+found)" ] || { find "$path" -mindepth 1; return 1; }
  done
}

# Two programs at once that know nothing of each other.
t_case "one volume"
check "volumes are made" bed_up xfs "g0=$(bed_burst 20000000 80000000 6)" g1=45000000 || exit 1
measure cliff --time 50s "${bed_paths[0]}" &
measure flat --time 50s "${bed_paths[1]}"
wait $!
t_case "80 MB/s for 480 MB, then 20"
judge cliff '{"sustained": 20e6, "burst": 80e6, "bucket": 480e6, "knee": 8}'
t_case "45 MB/s"
judge flat '{"sustained": 45e6}'
check "nothing is left behind" is_empty "${bed_paths[@]}"

t_case "two of 45 MB/s, 60 together"
check "volumes are made" bed_up ext4 node=60000000 g0=45000000 g1=45000000 || exit 1
measure capped "${bed_paths[@]}"
judge capped '{"cap": 60e6}'
check "nothing is left behind" is_empty "${bed_paths[@]}"
done_testing
