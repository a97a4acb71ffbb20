# shellcheck shell=bash
# Block devices of the virtual node, made of what it has, and what its queues say; sourced inside it, by bash.
#
#   scsi_disks MODEL        names of the SCSI disks of that model
#   make_partition DISK     make_linear DM DISK...      make_multipath DM DISK...     forget_dm DM
#   make_md N LEVEL DISK... forget_md N
#   make_loop FILE          prints the name             make_null NAME ATTRIBUTE=VALUE...
#   mount_volume TYPE NODE  as kubelet does it: a staging mount, and a bind mount of it below the pod, $volume
#   unmount_volume
#   queues                  every attribute that counts of every disk, one a line: vda scheduler none
#   set_queue DISK ATTRIBUTE VALUE
#   rows ID|""              of the last run's report, one row a line: "state|object|have|reason"
#   has_row PATTERN         whether one of them matches the shell pattern

export DM_DISABLE_UDEV=1 # dmsetup makes its nodes itself: there is no udev
staging=/var/lib/kubelet/plugins/kubernetes.io/csi/pd.csi.storage.gke.io/0123456789abcdef/globalmount
volume=/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~csi/pvc-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/mount

wait_for() { # CMD...: at most half a minute, for what the kernel does in its own time
  local end=$((SECONDS + 30))
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || { echo "waited in vain for $*"; return 1; }
    sleep 0.05
  done
}

# A controller's namespaces come in their own time, the head of native multipath with the first of its paths.
nvme_are() { # COUNT, of namespaces, heads and paths
  local all=(/sys/block/nvme*n1)
  [ ${#all[@]} = "$1" ] && [ -e "${all[0]}" ]
}

scsi_disks() {
  local file
  for file in /sys/block/sd*/device/model; do
    grep -qF -- "$1" "$file" || continue
    file=${file#/sys/block/}
    echo "${file%%/*}"
  done
}

sectors() { cat "/sys/class/block/$1/size"; }

make_partition() {
  printf 'n\np\n1\n2048\n\nw\n' | fdisk "/dev/$1" >/dev/null 2>&1
  wait_for test -b "/dev/${1}1"
}

make_linear() { # one disk behind the other, and a UUID as LVM gives it
  local name=$1 start=0 disk
  shift
  for disk; do
    echo "$start $(sectors "$disk") linear /dev/$disk 0"
    start=$((start + $(sectors "$disk")))
  done | dmsetup create "$name" --uuid "LVM-${name//-/}"
}

make_multipath() {
  local name=$1 path paths=""
  shift
  for path; do paths+=" /dev/$path 1"; done
  echo "0 $(sectors "$1") multipath 0 0 1 1 service-time 0 $# 1$paths" | dmsetup create "$name" --uuid "mpath-$name"
}

forget_dm() { dmsetup remove "$1"; }

# Through sysfs (admin-guide/md of the kernel's documentation) and without a superblock: it needs nothing but the kernel.
make_md() {
  local array=md$1 level=$2 slot=0 disk
  local folder=/sys/block/$array/md
  shift 2
  [ -e "$folder" ] || echo "$array" >/sys/module/md_mod/parameters/new_array
  echo none >"$folder/metadata_version"
  echo "$level" >"$folder/level"
  echo $# >"$folder/raid_disks"
  if [ "$level" = raid1 ]; then
    echo $(($(sectors "$1") / 2)) >"$folder/component_size"
    echo none >"$folder/resync_start" # they are equal
  else
    echo 524288 >"$folder/chunk_size"
  fi
  for disk; do
    cat "/sys/class/block/$disk/dev" >"$folder/new_dev"
    echo $(($(sectors "$disk") / 2)) >"$folder/dev-$disk/size"
    echo $((slot++)) >"$folder/dev-$disk/slot"
  done
  echo active >"$folder/array_state"
}

forget_md() { echo clear >"/sys/block/md$1/md/array_state"; }

make_loop() {
  local node
  node=$(losetup -f) && losetup "$node" "$1" && echo "${node#/dev/}"
}

make_null() {
  local folder=/sys/kernel/config/nullb/$1 setting
  [ -d /sys/kernel/config/nullb ] || mount -t configfs configfs /sys/kernel/config
  mkdir "$folder"
  shift
  for setting; do echo "${setting#*=}" >"$folder/${setting%%=*}"; done
  echo 1 >"$folder/power"
}

mount_volume() {
  mkdir -p "$staging" "$volume"
  case $1 in
    xfs) mkfs.xfs -q -f -m uuid=aaaaaaaa-0000-4000-8000-000000000001 "$2" ;;
    ext4) mkfs.ext4 -q -F -U aaaaaaaa-0000-4000-8000-000000000001 "$2" ;;
  esac
  mount -t "$1" "$2" "$staging"
  mount --bind "$staging" "$volume"
}

unmount_volume() { umount "$volume" && umount "$staging"; }

# Of a scheduler only the one in force: in which order the others stand is the kernel's business.
queues() {
  (cd /sys/block && grep -s . ./*/queue/{scheduler,nr_requests,read_ahead_kb,wbt_lat_usec,iostats,write_cache}) |
    sed -e 's|^\./||' -e 's|/queue/| |' -e 's|:| |' -e 's|scheduler .*\[\(.*\)\].*|scheduler \1|'
}

set_queue() { echo "$3" >"/sys/block/$1/queue/$2" || { echo "cannot set $2 of $1 to $3"; return 1; }; }

# jq takes most of a second to start under emulation; the report has one member a line.
rows() {
  awk -v want="$1" '
    function value() { sub("^ *\"[a-zA-Z]*\": ", ""); sub(",$", ""); gsub("^\"|\"$", ""); return $0 }
    /^      "id": / { id = value() }
    /^      "object": / { object = value() }
    /^      "state": / { state = value() }
    /^      "have": / { have = value() }
    /^      "reason": / { reason = value(); if (want == "" || want == id) print state "|" object "|" have "|" reason }' "${t_stdout:?}"
}

has_row() {
  local line
  while read -r line; do
    # shellcheck disable=SC2053 # a pattern it is
    [[ $line != $1 ]] || return 0
  done < <(rows "")
  echo "none of these is $1:"
  rows ""
  return 1
}
