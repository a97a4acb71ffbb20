# shellcheck shell=bash
# TuneD beside kafka-tuner: a daemon of its own on a bus of its own, with a profile that says what is so already. It has
# nothing to change, and when it ends nothing to take back. Sourced by tests/bench/run; root only.
#
#   tuned_up FOLDER KEY...  starts both and waits until `tuned-adm verify` is content; 1 when it never is
#   tuned_down              ends them

tuned_pids=()

tuned_down() {
  local pid
  for pid in "${tuned_pids[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  tuned_pids=()
}

tuned_profile() { # KEY...
  local key
  printf '[main]\nsummary=the profile of kafka-tuner\n[sysctl]\n'
  for key; do echo "$key=$(cat "/proc/sys/${key//.//}")"; done
}

tuned_up() {
  local folder=$1 tries
  shift
  mkdir -p "$folder" /run/tuned
  cp -r /etc/tuned "$folder/etc"
  mkdir "$folder/etc/k8skafka"
  tuned_profile "$@" >"$folder/etc/k8skafka/tuned.conf"
  sed -i 's/^\(reapply_sysctl\|dynamic_tuning\) .*/\1 = 0/' "$folder/etc/tuned-main.conf"
  cat >"$folder/bus.conf" <<END
<busconfig>
  <type>system</type>
  <listen>unix:path=$folder/bus</listen>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
END
  dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile >"$folder/bus.log" 2>&1 &
  tuned_pids=("$!")
  for ((tries = 0; tries < 50; tries++)); do
    [ ! -S "$folder/bus" ] || break
    sleep 0.1
  done
  export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$folder/bus
  # It looks for profiles in /etc/tuned only, and writes down there which one is active.
  unshare --mount sh -c 'mount --bind "$1/etc" /etc/tuned && exec tuned --no-socket --profile k8skafka --pid "$1/pid" --log "$1/log"' \
    sh "$folder" >"$folder/out" 2>&1 &
  tuned_pids=("$!" "${tuned_pids[@]}") # it ends before its bus
  for ((tries = 0; tries < 20; tries++)); do
    timeout 10 tuned-adm verify >"$folder/verify" 2>&1 && return
    sleep 0.5
  done
  cat "$folder/verify" "$folder/out" "$folder/log" >&2
  return 1
}
