# shellcheck shell=bash disable=SC2034,SC2154 # variables of the scripts that are sourced together
# A broker in ZooKeeper mode, twice over one volume that prepare made. Sourced, by the tests that name version and spec.

# $1 version, $2 spec, more words for node_sed
zookeeper_life() {
  local version=$1 spec=$2 port
  port=$(bed_free_port)
  node_sed=(-e "s|^    zookeeper.connect:.*|    zookeeper.connect: 127.0.0.1:$port|" -e '/^      - z/d' "${@:3}")
  bed_smoke_java=("-Dsmoke.zookeeper=127.0.0.1:$port")
  check "ZooKeeper starts" bed_zookeeper_start "$bed_dir/zookeeper" "$port" || return
  at_exit node_down
  node_up "$spec" || { not_ok "a volume and a pod"; return; }

  t_case "$version, first start"
  check "prepare" node_initc prepare
  check "the broker starts" node_start "$version" || tail -n 20 "$node_log" >&2
  check "topic, produce, consume" bed_smoke "$version" smoke "$node_bootstrap" test 3 hello "I like kafka" goodbye
  check "stops as asked" node_stop

  t_case "$version, second start"
  run 0 node_initc prepare
  check "the hand-off knows the ids that the broker wrote" grep -q '"formatted": true' "$node_dir"/*/run/handoff.json "$node_dir"/run/handoff.json
  run 0 node_initc prepare
  expect_stdout_has "nothing had to be changed"
  check "the broker starts" node_start "$version" || tail -n 20 "$node_log" >&2
  run 0 bed_smoke "$version" consume "$node_bootstrap" test 3
  for message in hello "I like kafka" goodbye; do expect_stdout_has "$message"; done
  check "stops as asked" node_stop
  bed_zookeeper_stop
}
