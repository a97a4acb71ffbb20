# shellcheck shell=bash disable=SC2154
# Sourced after env.sh. Every process of the cluster, that of tests/cluster/up included, is in a cgroup below $name and
# nothing else is: whoever ends the cluster needs no other list, whatever was killed before.

is_v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

# The hierarchies of v1, or the one of v2.
cgroup_roots() {
  local root
  if is_v2; then echo /sys/fs/cgroup; return 0; fi
  for root in /sys/fs/cgroup/*; do [ ! -e "$root/cgroup.procs" ] || echo "$root"; done
}

# Lets the children of a v2 cgroup have every controller it has.
cgroup_delegate() { # FOLDER
  local controllers controller
  read -ra controllers <"$1/cgroup.controllers"
  for controller in "${controllers[@]}"; do echo "+$controller" >"$1/cgroup.subtree_control" || return 1; done
}

# cpuset of v1 begins empty, and a process cannot enter an empty one.
cgroup_fill_cpuset() { # ROOT HOST
  local file
  [ -e "$1/cpuset.cpus" ] || return 0
  for file in cpuset.cpus cpuset.mems; do
    cat "$1/$file" >"$1/$name/$file"
    cat "$1/$file" >"$1/$name/$2/$file"
  done
}

cgroup_make() { # HOST
  local root
  while read -r root; do
    mkdir -p "$root/$name/$1"
    if is_v2; then
      cgroup_delegate "$root" 2>/dev/null || true # some controllers stay with the real-time scheduler or an outer manager
      cgroup_delegate "$root/$name"
    else
      cgroup_fill_cpuset "$root" "$1"
    fi
  done < <(cgroup_roots)
}

cgroup_join() { # HOST [PID]
  local root
  while read -r root; do echo "${2:-$BASHPID}" >"$root/$name/$1/cgroup.procs" || return 1; done < <(cgroup_roots)
}

cgroup_members() { # HOST, or nothing for all
  local root=/sys/fs/cgroup
  is_v2 || root=/sys/fs/cgroup/pids
  find "$root/$name/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
}

# The last process of a node has its filesystems unmounted, which may take as long as its disks have to write.
cgroup_kill() { # HOST, or nothing for all
  wait_for 60 cgroup_killed "$1" || die "these processes do not end: $(cgroup_members "$1" | tr '\n' ' ')"
}
cgroup_killed() {
  local members
  mapfile -t members < <(cgroup_members "$1")
  [ "${#members[@]}" -gt 0 ] || return 0
  kill -KILL "${members[@]}" 2>/dev/null || true
  return 1
}

cgroup_remove() { # HOST, or nothing for all
  local root folder
  while read -r root; do
    folder=$root/$name/$1
    [ -d "$folder" ] || continue
    wait_for 30 cgroup_rmdir "$folder" || die "cgroup $folder is busy"
  done < <(cgroup_roots)
}
cgroup_rmdir() { [ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} +; }
