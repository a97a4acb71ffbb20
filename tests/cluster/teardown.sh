# shellcheck shell=bash disable=SC2154
# Sourced after env.sh and cgroup.sh: the way back to a machine without the cluster. Namespaces, mounts and the network go
# with the last process; loop devices are attached so that they detach with the last mount.

# The whole machine has these, and a kubelet or a program under test in a privileged pod may write them.
sysctls='vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys
  kernel.keys.root_maxbytes vm.max_map_count vm.swappiness vm.dirty_background_ratio vm.dirty_ratio vm.min_free_kbytes
  vm.zone_reclaim_mode fs.file-max fs.nr_open fs.aio-max-nr kernel.pid_max kernel.threads-max'
saved=/run/k8skafka-cluster # for all clusters of the machine: with a second one up, the values are no longer the machine's

sysctl_save() {
  local key file
  mkdir -p "$saved"
  for file in "$saved"/*; do
    [ ! -e "$file" ] || { cp "$file" "$saved/.$name"; mv "$saved/.$name" "$saved/$name"; return 0; }
  done
  for key in $sysctls; do echo "$key=$(cat "/proc/sys/${key//.//}" 2>/dev/null)"; done >"$saved/.$name"
  mv "$saved/.$name" "$saved/$name"
}

sysctl_restore() {
  local key value
  if [ -e "$saved/$name" ] && [ "$(find "$saved" -type f ! -name '.*' | wc -l)" = 1 ]; then
    while IFS='=' read -r key value; do
      [ -z "$value" ] || [ "$(cat "/proc/sys/${key//.//}")" = "$value" ] || sysctl -qw "$key=$value" || true
    done <"$saved/$name"
  fi
  rm -f "$saved/$name" "$saved/.$name"
  rmdir "$saved" 2>/dev/null || true
}

# Loop devices over files of ours, one a line.
our_loops() { # [FOLDER]
  local file
  for file in /sys/block/loop*/loop/backing_file; do
    ! grep -qsF "${1:-$CLUSTER_DIR}/" "$file" || echo "/dev/$(cut -d/ -f4 <<<"$file")"
  done
}
no_loops() { [ -z "$(our_loops "${1:-}")" ]; }

loops_gone() {
  local device
  wait_for 30 no_loops && return 0 # what is in the page cache has to be written first
  for device in $(our_loops); do losetup -d "$device" 2>/dev/null || true; done
  wait_for 30 no_loops || die "somebody holds $(our_loops | tr '\n' ' ')(a mount made while the cluster was up?)"
}

tear_down() {
  cgroup_kill ""
  cgroup_remove ""
  loops_gone
  sysctl_restore
  rm -rf --one-file-system "$CLUSTER_DIR"/{nodes,etcd,pki,run}
}
