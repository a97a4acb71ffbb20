# shellcheck shell=bash
# Volumes whose limits are known: qemu-storage-daemon throttles an image, exports it through FUSE as a file, and a loop
# device and a filesystem stand on that file. Root only; sourced after tests/lib.sh. All of it is gone when the script ends.
#
#   bed_need                       ends the script with one skip when this machine cannot have such volumes
#   bed_up FS GROUP=LIMITS...      makes them anew: FS is xfs or ext4; groups g0 g1 ... are one volume each, and a group
#                                  node, named first, holds all of them together. LIMITS are QEMU's words for a
#                                  throttle-group, or a plain number of bytes per second, or free. 1 when it failed
#   bed_burst RATE MOST SECONDS    prints LIMITS: MOST until a bucket of MOST * SECONDS is used up that refills with RATE;
#                                  so the knee comes after MOST * SECONDS / (MOST - RATE)
#   bed_down                       takes them away again; safe to repeat
#   bed_dir, bed_paths, bed_devices   (variables) scratch folder; mount points and loop devices, in the order of the groups
#
# A fresh bed has full buckets. No filesystem is mounted with discard: QEMU throttles a discarded byte as a written one.

bed_dir="" bed_why="no scratch folder" bed_servers=() bed_arguments=()
bed_paths=() bed_devices=()
bed_size=${BED_SIZE:-40G} # sparse; ours writes a tenth of what is free at most

bed_need() {
  need_root
  need_cmd qemu-storage-daemon losetup mkfs.xfs mkfs.ext4 setpriv
  [ -c /dev/fuse ] || t_skip_rest "there is no /dev/fuse"
  [ -c /dev/loop-control ] || t_skip_rest "there is no /dev/loop-control"
  bed_sweep
  at_exit bed_down
  # what a container may lack shows only when one is made
  bed_up xfs g0=free || t_skip_rest "$bed_why"
  bed_down
}

bed_burst() { echo "x-bps-total=$1,x-bps-total-max=$2,x-bps-total-max-length=$3"; }

bed_limits() {
  case $1 in
    free) echo "x-bps-total=0" ;;
    *=*) echo "$1" ;;
    *) echo "x-bps-total=$1" ;;
  esac
}

# stat(2) of a mount point hangs or fails once its FUSE server is dead; mountinfo does not.
bed_is_mounted() { awk -v at="$1" '$5 == at { found = 1 } END { exit !found }' /proc/self/mountinfo; }

bed_unmount() {
  local path
  for path in "$@"; do
    bed_is_mounted "$path" || continue
    umount "$path" 2>/dev/null || umount -l "$path"
  done
}

# Takes apart what stands in folder $1, whoever made it. The loop devices go with their mounts.
bed_clear() {
  bed_unmount "$1"/m* "$1/fusectl"
  bed_end_servers "$1"
  bed_unmount "$1"/v*
  rm -rf --one-file-system "$1"
}

bed_end_servers() {
  local file pid i
  for file in "$1"/pid-*; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    for ((i = 0; i < 100; i++)); do
      grep -q '^qemu-storage' "/proc/$pid/comm" || break
      case $i in 0) kill "$pid" ;; 80) kill -KILL "$pid" ;; esac
      sleep 0.05
    done 2>/dev/null
  done
}

# In memory, where there is enough of it and it can be written past the page cache (Linux 6.6): what else the machine does with
# its disk is not to be measured. TMPDIR wins.
bed_home() {
  local free
  if [ -z "${TMPDIR:-}" ] && free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) && [ "$free" -gt 8388608 ] &&
    free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) && [ "$free" -gt 8388608 ] &&
    dd if=/dev/zero of="/dev/shm/k8skafka-bed-try.$$" bs=4k count=1 oflag=direct status=none 2>/dev/null; then
    rm -f "/dev/shm/k8skafka-bed-try.$$"
    echo /dev/shm
  else
    rm -f "/dev/shm/k8skafka-bed-try.$$"
    echo "${TMPDIR:-/tmp}"
  fi
}

# Beds of scripts that were killed before they could clean up; a folder's name has its script's process id.
bed_sweep() {
  local left pid
  for left in /dev/shm/k8skafka-bed.* "${TMPDIR:-/tmp}"/k8skafka-bed.*; do
    pid=${left##*/k8skafka-bed.}
    pid=${pid%%.*}
    [ ! -d "$left" ] || [ -e "/proc/$pid" ] || bed_clear "$left"
  done
}

bed_down() {
  [ -n "$bed_dir" ] || return 0
  bed_clear "$bed_dir"
  [ ${#bed_servers[@]} = 0 ] || wait "${bed_servers[@]}" 2>/dev/null
  bed_dir="" bed_servers=() bed_paths=() bed_devices=()
}

bed_format() { # FS IMAGE
  truncate -s "$bed_size" "$2" || return 1
  case $1 in
    xfs) mkfs.xfs -q "$2" ;;
    # nothing may be left for the kernel to write later, in the background of a measurement
    ext4) mkfs.ext4 -q -F -T largefile4 -E lazy_itable_init=0,lazy_journal_init=0 "$2" ;;
    *) echo "no filesystem $1" >&2; return 1 ;;
  esac
}

# Starts server $1; its exports are there once it has written its process id.
bed_serve() {
  local i pid
  nice -n -20 setpriv --pdeathsig TERM qemu-storage-daemon --pidfile "$bed_dir/pid-$1" "${bed_arguments[@]}" \
    >"$bed_dir/log" 2>&1 </dev/null &
  pid=$!
  bed_servers+=("$pid")
  bed_arguments=()
  for ((i = 0; i < 200; i++)); do
    [ ! -s "$bed_dir/pid-$1" ] || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  return 1
}

# One write at a time: while QEMU up to 10.0 waits for a write, it may read the next one into the same buffer (fuse_write()
# polls, read_from_fuse_export() is entered again), and then writes that one's bytes in both places. Small requests end before
# the data in the buffer. Linux, Documentation/filesystems/fuse.rst: a connection is named by its device's number.
bed_one_by_one() { # FILE
  local status=0
  mkdir -p "$bed_dir/fusectl"
  mount -t fusectl fusectl "$bed_dir/fusectl" || return 1
  echo 1 >"$bed_dir/fusectl/$(stat -c %Ld "$1")/max_background" || status=1
  umount "$bed_dir/fusectl"
  return $status
}

# The device is told to go with its mount: once the server is dead nobody can tell any more whose it was.
bed_attach() { # NUMBER FS
  local device status=0
  bed_one_by_one "$bed_dir/v$1" || return 1
  device=$(losetup --find --show --direct-io=on "$bed_dir/v$1") || return 1
  bed_devices+=("$device")
  bed_paths+=("$bed_dir/m$1")
  mkdir "$bed_dir/m$1"
  mount -t "$2" -o noatime "$device" "$bed_dir/m$1" || status=1
  losetup -d "$device"
  return $status
}

bed_fails() {
  bed_why="no throttled volume: $1: $(tail -n 1 "$bed_dir/log" 2>/dev/null)"
  echo "$bed_why" >&2
  bed_down
  return 1
}

# Adds what the server needs for volume number $1 with throttle-group $2, below the common one when $3 says so.
bed_argue() {
  local below=image$1
  bed_arguments+=(--blockdev "driver=file,filename=$bed_dir/image$1,node-name=image$1,cache.direct=on")
  if [ "$3" = node ]; then
    bed_arguments+=(--blockdev "driver=throttle,node-name=shared$1,throttle-group=node,file=image$1")
    below=shared$1
  fi
  bed_arguments+=(--blockdev "driver=throttle,node-name=own$1,throttle-group=$2,file=$below"
    --export "type=fuse,id=export$1,node-name=own$1,mountpoint=$bed_dir/v$1,writable=on")
}

bed_up() {
  local fs=$1 first=${2%%=*} group name i volumes=0
  shift
  bed_down
  bed_dir=$(mktemp -d "$(bed_home)/k8skafka-bed.$$.XXXXXX") || return 1
  bed_arguments=()
  for group in "$@"; do
    name=${group%%=*}
    bed_arguments+=(--object "throttle-group,id=$name,$(bed_limits "${group#*=}")")
    [ "$name" != node ] || continue
    bed_format "$fs" "$bed_dir/image$volumes" >"$bed_dir/log" 2>&1 || { bed_fails "mkfs.$fs"; return; }
    : >"$bed_dir/v$volumes"
    bed_argue "$volumes" "$name" "$first"
    # One server answers its exports' requests in the reverse of the order they came in: a fast volume waits for a slow one
    # (fuse_write() in QEMU 7.2 waits in a nested event loop). Only those with a common group have to share one.
    [ "$first" = node ] || bed_serve "$volumes" || { bed_fails qemu-storage-daemon; return; }
    volumes=$((volumes + 1))
  done
  [ "$first" != node ] || bed_serve node || { bed_fails qemu-storage-daemon; return; }
  for ((i = 0; i < volumes; i++)); do
    bed_attach "$i" "$fs" >"$bed_dir/log" 2>&1 || { bed_fails "$fs on a loop device"; return; }
  done
}
