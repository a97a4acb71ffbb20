# shellcheck shell=bash disable=SC2154
# Sourced after env.sh: one PersistentVolume for each disk of each node.
volumes() {
  local node disk
  for ((node = 1; node <= CLUSTER_NODES; node++)); do
    for ((disk = 0; disk < CLUSTER_DISKS; disk++)); do render "$here/conf/volume.yaml" node disk; done
  done
}
