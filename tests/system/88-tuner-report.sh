#!/usr/bin/env bash
# What kafka-tuner prints: no line of any verb is longer than 100 columns, on this machine and on every captured node, and the
# last one says what to do next. A broker that runs is found, counted, and still there in a snapshot, without its secrets.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd jq tar
tuner=$PWD/${BUILD:-build}/bin/kafka-tuner
case ${BUILD:-build} in /*) tuner=$BUILD/bin/kafka-tuner ;; esac
[ -x "$tuner" ] || t_skip_rest "kafka-tuner is not built"

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
json_is() { jq -es "length == 1 and (.[0] | $1)" "$t_stdout" >/dev/null || { head -c 3000 "$t_stdout"; return 1; }; }

# A workload with long names and large numbers; everything there is.
long=$scratch/a-folder-with-a-name-that-nobody-would-want-to-type/and-another-one-inside-of-it-which-is-no-better
mkdir -p "$long"
all=$("$tuner" list -o json | jq -r '.rows | map("    " + .id + ": {policy: check}") | join("\n")')
cat >"$long/kafka.yaml" <<END
apiVersion: k8skafka/v1
kafka: {version: "4.3", roles: [broker], clusterId: MkU3OEVBNTcwNTJENDM2Qg}
workload: {partitions: 100000, partitionSize: 1Ti, connections: 1000000, writeRate: 2G}
tuning:
  tunables:
$all
END

wide() { # CMD...: what it prints and is too wide, or says nothing at the end
  local out
  out=$("$@" 2>&1)
  LC_ALL=C.UTF-8 grep -nE '^.{101}' <<<"$out" && echo "of: $*"
  [ -n "$(tail -n 1 <<<"$out")" ] || echo "$* ends with an empty line"
  [ "$(tail -n 3 <<<"$out" | grep -cE 'Next: |Nothing was written')" -ge 1 ] || echo "$* does not say what is next: $(tail -n 1 <<<"$out")"
}
quiet() { [ -z "$1" ] || { echo "$1"; return 1; }; }

for node in / tests/fixtures/sysroots/*/; do
  t_case "${node%/}"
  [ "$node" != / ] || t_case "this machine"
  devices=("")
  [ "$node" = / ] || mapfile -t devices < <(find "$node/sys/class/block" -mindepth 1 -printf '%f\n' | LC_ALL=C sort)
  found=""
  for device in "${devices[@]}"; do
    arguments=(--sysroot "$node")
    [ -z "$device" ] || arguments+=(--device "$device")
    for verb in check plan doctor; do
      found+=$(wide "$tuner" "$verb" "${arguments[@]}")
      found+=$(wide "$tuner" "$verb" -v -c "$long/kafka.yaml" "${arguments[@]}")
    done
  done
  check "at most 100 columns, and the next step last" quiet "$found"
done

t_case "other verbs"
found=$(wide "$tuner" list)$(wide "$tuner" list -v -c "$long/kafka.yaml")
found+=$(wide "$tuner" apply --journal "$long/journal" --only net.core.rmem_max)
found+=$(wide "$tuner" revert --journal "$long/journal")
check "at most 100 columns, and the next step last" quiet "$found"

t_case "order"
run 1 "$tuner" check --sysroot tests/fixtures/sysroots/loop --device loop0
check "what fails comes first" awk '$1 == "ok" { ok = 1 } $1 == "drift" && ok { bad = 1 } END { exit bad || !ok }' "$t_stdout"
check "the last line counts and goes on" test "$(tail -n 1 "$t_stdout")" = \
  "12 ok, 4 drift. Next: kafka-tuner plan --sysroot tests/fixtures/sysroots/loop --device loop0"

t_case "broker"
# A program called java whose main class, as far as anybody can see, is Kafka's.
cp "$(command -v tail)" "$scratch/java"
: >"$scratch/kafka.Kafka"
: >"$scratch/secret.properties"
(cd "$scratch" && exec env SECRET=secret ./java -f kafka.Kafka secret.properties >/dev/null) &
broker=$!
at_exit kill "$broker"
for _ in $(seq 50); do
  [ "$(cat "/proc/$broker/comm")" = java ] && break
  sleep 0.1
done
sleep 0.2
mine=".processes[] | select(.pid == $broker)"
"$tuner" check -c "$long/kafka.yaml" -o json >"$scratch/live.json"
files=$(find "/proc/$broker/fd" -mindepth 1 | wc -l)
maps=$(wc -l <"/proc/$broker/maps")
hard=$(prlimit --pid "$broker" --nofile -o HARD --noheadings | tr -d ' ')
check "is found" jq -e "$mine | .kind == \"broker\"" "$scratch/live.json"
check "soft, hard, used, need and the days that are left" jq -e \
  "$mine.files | .hard == $hard and .used == $files and .need > 100000 and .daysLeft != null and .basis == \"workload\"" "$scratch/live.json"
check "map areas, too" jq -e "$mine.maps | .used == $maps and .need > 100000" "$scratch/live.json"
check "its limit is a row of its own" jq -e ".rows[] | select(.object == \"process.nofile of java $broker\") | .have == \"$hard\"" "$scratch/live.json"
run 0 "$tuner" snapshot "$scratch/node.tar"
mkdir "$scratch/node"
check "unpacks" tar -xf "$scratch/node.tar" -C "$scratch/node"
"$tuner" check -c "$long/kafka.yaml" --sysroot "$scratch/node" -o json >"$scratch/copy.json"
same=".processes |= map(select(.pid == $broker) | del(.ageSeconds, .files.daysLeft, .maps.daysLeft)) | {processes}"
check "a snapshot has it, too" diff <(jq "$same" "$scratch/live.json") <(jq "$same" "$scratch/copy.json")
check "and none of its secrets" test -z "$(grep -rl 'secret' "$scratch/node")"
for verb in check plan doctor size; do
  "$tuner" "$verb" --sysroot "$scratch/node" -o json >"$scratch/out.json" 2>"$scratch/err"
  check "$verb works on a snapshot" jq -e .kind "$scratch/out.json"
done
run 0 "$tuner" plan --sysroot "$scratch/node" --script
run 0 "$tuner" snapshot --sysroot "$scratch/node" "$scratch/again.tar"
ln -s victim "$scratch/link.tar"
run 4 "$tuner" snapshot --sysroot "$scratch/node" "$scratch/link.tar"
check "and nothing is written through a link" test ! -e "$scratch/victim"
done_testing
