#!/usr/bin/env bash
# The disks of a node: XFS on loop devices that detach with the mount. Sourced by node-main; as a program, in the node:
#
#   disks.sh HOST fresh DISK...   makes these disks new and empty

disk_image() { echo "$CLUSTER_DIR/nodes/$host/disk$1.img"; }

disk_make() { # DISK
  local image
  image=$(disk_image "$1")
  rm -f "$image"
  truncate -s "$CLUSTER_DISK_SIZE" "$image.new"
  mkfs.xfs -q "$image.new"
  mv "$image.new" "$image"
}

disk_mount() { # DISK
  mkdir -p "/var/mnt/disk$1"
  mount -o loop "$(disk_image "$1")" "/var/mnt/disk$1"
}

disk_free() { ! grep -qsxF "$(disk_image "$1")" /sys/block/loop*/loop/backing_file; }

disk_fresh() { # DISK
  ! mountpoint -q "/var/mnt/disk$1" || umount "/var/mnt/disk$1"
  wait_for 30 disk_free "$1" || die "disk $1 of $host is still mounted by a pod; delete that first"
  disk_make "$1"
  disk_mount "$1"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  . "$(dirname "$0")/env.sh"
  host=$1
  [ "$2" = fresh ] || die "no such act: $2"
  for disk in "${@:3}"; do disk_fresh "$disk" & done
  for _ in "${@:3}"; do wait -n; done
fi
