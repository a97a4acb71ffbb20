# shellcheck shell=bash disable=SC2154
# Sourced by control-main and node-main: what an init does for its daemons.
export PATH="$base/bin:$PATH"

# Starts a program, and again a second after it ended, unless somebody asked to hold it (tests/cluster/component).
supervise() { # PROGRAM ARGUMENT...
  while :; do
    while [ -e "$run/$host.$1.hold" ]; do sleep 0.1; done
    "$@" >>"$logs/$host.$1.log" 2>&1 &
    echo $! >"$run/$host.$1.pid"
    wait $! || true
    rm -f "$run/$host.$1.pid"
    sleep 1
  done &
}

# A SYN that is lost while the network comes up is sent again after 1, 3, 7, ... 63 seconds: rather a new connection.
answers() { timeout 1 bash -c ': <"/dev/tcp/$1/$2"' answers "$1" "$2" 2>/dev/null; } # ADDRESS PORT
await() { until "$@" >/dev/null 2>&1; do sleep 0.1; done; }

idle() {
  while :; do
    sleep infinity &
    wait $! || true
  done
}

# Mounts of loop devices that were there before us are not ours; a copy in our namespace would keep their devices busy.
forget_foreign_loops() {
  awk '$3 ~ /^7:/ && $5 != "/" { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do umount -l "$mount"; done
}
