# shellcheck shell=bash disable=SC2154
# Sourced after env.sh and cgroup.sh: starts the control plane or a node as PID 1 of namespaces of its own, and wires it.
# Nothing holds these namespaces but the processes in them, and none has a way out of the machine.

in_net() { nsenter --target "$(pid_of "$1")" --net -- "${@:2}"; } # HOST COMMAND...

# PID 1 is the child that lives in another pid namespace; before it, our own shell may have had others.
first_inside() { # PID OF UNSHARE
  local child space
  child=$(cat "/proc/$1/task/$1/children" 2>/dev/null)
  child=${child%% *}
  space=$(readlink "/proc/${child:-none}/ns/pid") && [ "$space" != "$(readlink /proc/self/ns/pid)" ] && echo "$child"
}

launch() { # HOST
  local outer inner="" tries program=node-main
  [ "$1" != control ] || program=control-main
  cgroup_make "$1"
  rm -f "$run/$1".*
  (
    cgroup_join "$1"
    exec setsid unshare --net --mount --propagation slave --pid --fork --kill-child --mount-proc --uts --ipc --cgroup \
      "$here/$program" "$1"
  ) </dev/null >>"$logs/$1.log" 2>&1 9>&- &
  outer=$!
  for ((tries = 0; tries < 200; tries++)); do
    inner=$(first_inside "$outer") && break
    sleep 0.05
  done
  [ -n "$inner" ] || die "$1 did not start: $logs/$1.log"
  # v2 has no processes beside controllers: what waits outside for PID 1 goes where nothing is controlled.
  if is_v2; then cgroup_make outer && cgroup_join outer "$outer"; fi
  echo "$inner" >"$run/$1.pid"
}

network_control() {
  in_net control ip link add "$bridge" type bridge
  in_net control ip address add "$control_address/24" dev "$bridge"
  in_net control ip address add "$service_net.1/32" dev lo # so "kubernetes" answers at its address without kube-proxy
  in_net control ip link set lo up
  in_net control ip link set "$bridge" up
}

# A way to every pod is a route; kube-proxy needs one to the Services too, as a route is looked for before it translates.
network_node() { # NUMBER
  local other
  in_net control ip link delete "n$1" 2>/dev/null || true # of a life before
  in_net control ip link add "n$1" type veth peer name eth0 netns "$(pid_of "n$1")"
  in_net control ip link set "n$1" master "$bridge" up
  in_net control ip route replace "$(pod_net "$1")" via "$(node_address "$1")"
  in_net "n$1" ip address add "$(node_address "$1")/24" dev eth0
  in_net "n$1" ip link set lo up
  in_net "n$1" ip link set eth0 up
  in_net "n$1" ip route add "$service_net.0/24" via "$control_address"
  for ((other = 1; other <= CLUSTER_NODES; other++)); do
    [ "$other" = "$1" ] || in_net "n$1" ip route add "$(pod_net "$other")" via "$(node_address "$other")"
  done
  touch "$run/n$1.wired"
}

launch_node() { # NUMBER
  launch "n$1"
  network_node "$1"
}
