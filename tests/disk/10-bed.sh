#!/usr/bin/env bash
# The bed of throttled volumes keeps what it promises: rates, bucket, knee and common cap as the
# block layer counts them; and nothing of it is left behind, however its script ended.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=bed.sh
. tests/disk/bed.sh
need_cmd fio
bed_need

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"

# Begins to read or write (fio's rw=$1) on every volume given after that, four files each. Urgent as the bed is: a machine
# with other work to do would leave it waiting.
begin() {
  local direction=$1 path i=0
  shift
  {
    printf '%s\n' '[global]' ioengine=psync direct=1 "rw=$direction" bs=1M size=16M numjobs=4 fallocate=none thread \
      time_based runtime=60
    for path in "$@"; do
      printf '%s\n' "[v$i]" "directory=$path"
      i=$((i + 1))
    done
  } >"$scratch/job"
  nice -n -20 fio --output="$scratch/fio.out" "$scratch/job" >"$scratch/fio.err" 2>&1 &
  load=$!
}

finish() {
  kill "$load"
  wait "$load" 2>/dev/null
}

# Microseconds, and bytes that these devices moved until now; a sector is 512 bytes (Documentation/block/stat.rst).
moved() {
  local device total=0 fields
  for device in "$@"; do
    read -ra fields <"/sys/block/${device#/dev/}/stat"
    total=$((total + (fields[2] + fields[6]) * 512))
  done
  echo "${EPOCHREALTIME/./} $total"
}

# Bytes per second that the devices after $1 move during the next $1 seconds.
rate() {
  local seconds=$1 begin end
  shift
  begin=$(moved "$@")
  sleep "$seconds"
  end=$(moved "$@")
  awk -v a="$begin" -v b="$end" 'BEGIN { split(a, x, " "); split(b, y, " "); printf "%.0f", (y[2] - x[2]) / (y[1] - x[1]) * 1e6 }'
}

is_near() { # VALUE PERCENT TRUTH
  awk -v value="$1" -v percent="$2" -v truth="$3" 'BEGIN {
    off = (value / truth - 1) * 100
    printf "%.2f MB/s for %.2f: %+.2f %%\n", value / 1e6, truth / 1e6, off
    exit !(off <= percent && off >= -percent) }'
}

# $1 name, $2 percent, $3 what it should be, $4 seconds, then the devices. Three tries: where others keep the processors, a
# throttle's tokens run over.
moves() {
  local name=$1 percent=$2 truth=$3 value try
  shift 3
  for try in 1 2 3; do
    value=$(rate "$@")
    ! is_near "$value" "$percent" "$truth" >"$scratch/near-$try" || break
  done
  check "$name" is_near "$value" "$percent" "$truth"
}

for fs in xfs ext4; do
  t_case "$fs, 45 MB/s"
  check "is made" bed_up $fs g0=45000000 || exit 1
  begin write "${bed_paths[@]}"
  sleep 1
  moves "writes at that rate" 2 45000000 5 "${bed_devices[@]}"
  finish
  begin read "${bed_paths[@]}"
  sleep 1
  moves "reads at that rate" 2 45000000 5 "${bed_devices[@]}"
  finish
done

# A bucket is full once: each try has a bed of its own.
t_case "80 MB/s for a bucket of 320 MB, then 20"
for try in 1 2 3; do
  check "is made" bed_up xfs "g0=$(bed_burst 20000000 80000000 4)" || exit 1
  begin write "${bed_paths[@]}"
  sleep 0.7
  burst=$(rate 3.8 "${bed_devices[@]}")
  if [ "$try" = 3 ] || is_near "$burst" 4 80000000 >"$scratch/near-$try"; then break; fi
  finish
done
check "bursts" is_near "$burst" 4 80000000
sleep 1.2 # the knee: 320 / (80 - 20) = 5.3 s after the first byte
moves "falls to the refill" 3 20000000 5 "${bed_devices[@]}"
finish

t_case "two of 45 MB/s below 60"
check "are made" bed_up xfs node=60000000 g0=45000000 g1=45000000 || exit 1
begin write "${bed_paths[0]}"
sleep 1
moves "one has its own" 2 45000000 5 "${bed_devices[0]}"
finish
begin write "${bed_paths[@]}"
sleep 1
moves "both together have the common" 2 60000000 5 "${bed_devices[@]}"
finish

t_case "taken away"
left=$bed_dir devices=("${bed_devices[@]}")
bed_down
# $1 folder, $2 device
is_gone() {
  [ ! -e "$1" ] || { ls -l "$1"; return 1; }
  ! grep -F "$1" /proc/self/mountinfo || return 1
  # once its server is gone, a file's path is "/"
  ! losetup --list --noheadings --output BACK-FILE "$2" 2>/dev/null | grep -x -e / -e "$1/.*" || return 1
}
check "nothing is left of the first" is_gone "$left" "${devices[0]}"
check "nothing is left of the second" is_gone "$left" "${devices[1]}"

# $1 signal: a script that made a bed and then waits is ended by it
leaves_nothing() {
  local pid i
  left="" device=""
  # shellcheck disable=SC2016 # that shell expands it
  bash -c '. tests/lib.sh; . tests/disk/bed.sh; at_exit bed_down; bed_up xfs g0=free; echo "$bed_dir $bed_devices" >"$1"; read -r _ <>"$2"' \
    bed "$scratch/where" "$scratch/never" &
  pid=$!
  for ((i = 0; i < 1200; i++)); do
    ! read -r left device 2>/dev/null <"$scratch/where" || break
    sleep 0.05
  done
  rm -f "$scratch/where"
  kill "-$1" "$pid"
  wait "$pid" 2>/dev/null
  [ -n "$left" ]
}
mkfifo "$scratch/never"
t_case "its script gets SIGTERM"
check "is ended" leaves_nothing TERM
check "nothing is left" is_gone "$left" "$device"
t_case "its script gets SIGKILL"
check "is ended" leaves_nothing KILL
bed_sweep
check "the next one takes it away" is_gone "$left" "$device"

t_case "a limit that QEMU does not know"
check "is refused" bash -c '. tests/lib.sh; . tests/disk/bed.sh; ! bed_up xfs g0=x-nothing=1 && [ -z "$bed_dir" ]'
done_testing
