#!/usr/bin/env bash
# kafka-tuner check on this machine and on a captured node: the report, the exit code, and that looking changes nothing.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd jq
tuner=${BUILD:-build}/bin/kafka-tuner
[ -x "$tuner" ] || t_skip_rest "kafka-tuner is not built"
node=tests/fixtures/sysroots/nvme-multipath
states='["ok", "drift", "applied", "unsupported", "denied", "conflict", "error"]'

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
json_is() {
  if [ -s "$t_stdout" ] && jq -e "$1" "$t_stdout" >/dev/null; then return 0; fi
  head -c 3000 "$t_stdout"
  return 1
}

# The last run's report has what is promised, and its exit code is what it says. $1 status
is_report() {
  check "rows with the fields that are promised" json_is "
    .apiVersion and .kind == \"TunerReport\" and (.rows | length > 3) and
    ([.rows[] | .id != null and .object != null and has(\"have\") and has(\"want\") and .reason != null] | all) and
    ([.rows[].state] - $states == []) and ([.rows[].object] | length == (unique | length))"
  check "summary counts the rows" json_is '([.rows[].state] | group_by(.) | map({(.[0]): length}) | add) as $have |
    [.summary | to_entries[] | select(.key | IN("ok", "drift", "applied", "unsupported", "denied", "conflict", "error")) |
     .value == ($have[.key] // 0)] | all and length > 0'
  check "what drifted has a next step" json_is '[.rows[] | select(.state == "drift") | .next != null] | all'
  check "exit status is the verdict" json_is "([.rows[].state] | unique - [\"ok\"] | length > 0) == ($1 != 0)"
}
kernel_values() {
  grep -s . /proc/sys/vm/{dirty_*,max_map_count,swappiness,zone_reclaim_mode} /proc/sys/net/core/[rw]mem_max \
    /proc/sys/net/ipv4/tcp_[rw]mem /proc/sys/fs/{nr_open,file-max} /proc/sys/kernel/{pid_max,threads-max} \
    /sys/kernel/mm/transparent_hugepage/enabled
}

t_case "this machine"
kernel_values >"$scratch/before"
status=0
"$tuner" check -o json >"$scratch/json" 2>"$scratch/err" || status=$?
check "exit status is 0 or 1" test "$status" -le 1
run "$status" "$tuner" check -o json
is_report "$status"
run "$status" "$tuner" check
expect_stdout_has "vm.max_map_count"
have=$(cat /proc/sys/vm/max_map_count)
run "$status" "$tuner" check -o json
check "reads what the kernel says" json_is ".rows[] | select(.id == \"vm.max_map_count\") | .have == \"$have\""
check "looking changes nothing" diff "$scratch/before" <(kernel_values)

t_case "one row"
"$tuner" check --only vm.max_map_count -o json >"$scratch/json"
check "is all there is" jq -e '.rows | length == 1 and .[0].id == "vm.max_map_count"' "$scratch/json"
run 2 "$tuner" check --only vm.max_map_cout
expect_stderr_has "vm.max_map_count"

t_case "captured node"
if [ -d "$node" ]; then
  run 1 "$tuner" check --sysroot "$node" -o json
  is_report 1
  have=$(cat "$node/proc/sys/vm/max_map_count")
  check "reads the copy" json_is ".rows[] | select(.id == \"vm.max_map_count\") | .have == \"$have\""
else
  skip "its report" "$node is not there"
fi

t_case "made node"
made=$scratch/node
mkdir -p "$made/proc/sys/vm" "$made/sys"
check_made() { "$tuner" check --sysroot "$made" --only vm.max_map_count "$@"; }
echo 1048576 >"$made/proc/sys/vm/max_map_count"
run 0 check_made
echo 65530 >"$made/proc/sys/vm/max_map_count"
run 1 check_made
expect_stdout_has "65530"
echo 'many' >"$made/proc/sys/vm/max_map_count"
run 4 check_made -o json
check "what is no number is no success" json_is '.rows[0].state == "error"'
rm "$made/proc/sys/vm/max_map_count"
run 3 check_made -o json
check "what is not there is no success" json_is '.rows[0].state == "unsupported"'
done_testing
