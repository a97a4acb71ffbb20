#!/usr/bin/env bash
# prepare is killed with SIGKILL in front of every single system call that writes. Whatever is there under its final name
# is whole, and the next plain prepare brings everything to the same end.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq strace setpriv mkfs.xfs
# shellcheck source=../pod.sh
. tests/pod.sh
# shellcheck source=volumes.sh
. tests/system/volumes.sh
calls=(mkdir mkdirat openat write fchown fchownat fchmod chmod fchmodat fsync fdatasync renameat renameat2 rename linkat unlinkat ftruncate)
per_call_max=60

vol_make data-0 xfs
vol_make data-1 xfs
vol_spec "$vol_dir/data-0" "$vol_dir/data-1" <<<""
handoff=$vol_dir/handoff
data0=$vol_dir/data-0/kafka-log0
data1=$vol_dir/data-1/kafka-log0
prepare=("$vol_initc" prepare -c "$vol_dir/kafka.yaml" --handoff "$handoff" --pod kafka-0)
volume=("$vol_initc" volume -c "$vol_dir/kafka.yaml" --pod kafka-0 -o json)

# A first boot on two volumes; one has a log dir of root already.
fresh() {
  vol_empty data-0
  vol_empty data-1
  rm -rf "$handoff"
  mkdir "$data1"
  chown 0:0 "$vol_dir/data-1"
}
# Kinds, modes, owners, names and sizes; neither ids nor times have a say in these.
final() { find "$vol_dir/data-0" "$vol_dir/data-1" "$handoff" -printf '%y %m %U:%G %n %P ' \( -type d -printf '\n' -o -printf '%s\n' \) | sort; }

# Files under final names that are not as long as in the end, and what depends on something that is not there.
halves() {
  local file size name
  while read -r size file; do
    name=${file#"$vol_dir/"}
    [ "${sizes[$name]:-0}" = "$size" ] || echo "$name has $size bytes instead of ${sizes[$name]:-none}"
  done < <(find "$vol_dir/data-0" "$vol_dir/data-1" "$handoff" -type f ! -name '*k8skafka-tmp*' -printf '%s %p\n' 2>/dev/null)
  [ ! -e "$data0/meta.properties" ] || [ -e "$data0/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint" ] ||
    echo "meta.properties without the first snapshot"
  [ ! -e "$data0/meta.properties" ] || [ -e "$data0/bootstrap.checkpoint" ] || echo "meta.properties without bootstrap.checkpoint"
  [ ! -e "$handoff/handoff.json" ] || jq -e .pod "$handoff/handoff.json" >/dev/null || echo "handoff.json is no JSON"
  [ ! -e "$handoff/handoff.json" ] || cmp -s "$handoff/server.properties" "$vol_dir/server.properties" || echo "handoff.json before server.properties"
  "${volume[@]}" >"$vol_dir/volume.json"
  jq -r '.volumes[].findings[] | select(.level == "error") | .message' "$vol_dir/volume.json"
}

fresh
strace -f -o "$vol_dir/trace" "${prepare[@]}" >/dev/null || t_skip_rest "strace does not work here"
final >"$vol_dir/final"
cp "$handoff/server.properties" "$vol_dir/server.properties"
declare -A sizes=()
while read -r size name; do sizes[$name]=$size; done < <(find "$vol_dir/data-0" "$vol_dir/data-1" "$handoff" -type f -printf '%s %p\n' | sed "s,$vol_dir/,,")

kills=0
for call in "${calls[@]}"; do
  grep -qE "^[0-9]+ +$call\(" "$vol_dir/trace" || continue
  t_case "$call"
  wrong=""
  for ((n = 1; n <= per_call_max; n++)); do
    fresh
    status=0
    # in braces, for the shell tells of the kill as well
    { strace -f -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$n" "${prepare[@]}" || status=$?; } \
      >/dev/null 2>&1
    [ "$status" != 0 ] || break
    kills=$((kills + 1))
    [ "$status" = 137 ] || wrong+="$call $n: status $status"$'\n'
    problem=$(halves)
    "${prepare[@]}" >"$vol_dir/out" 2>&1 || problem+=$'\n'"the next prepare: $(tail -n 3 "$vol_dir/out")"
    problem+=$(final | diff "$vol_dir/final" -)
    [ -z "$problem" ] || wrong+="killed in front of $call number $n: $problem"$'\n'
  done
  if [ -n "$wrong" ]; then not_ok "killed at each of them" "$wrong"; else ok "killed at each of them"; fi
  check "a run came through in the end" test "$n" -gt 1 -a "$n" -le "$per_call_max"
done
t_case ""
check "there were dozens of kills" test "$kills" -gt 40
echo "# $kills kills"
done_testing
