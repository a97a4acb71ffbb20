#!/usr/bin/env bash
# Kafka 4.3 in KRaft mode on a volume that prepare made and formatted.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
need_cmd java javac setpriv
. tests/kafka/bed.sh
. tests/pod.sh
. tests/kafka/node.sh
bed_need 4.3.1 || exit 1

at_exit node_down
node_up docs/examples/kafka-trial.yaml || exit 1
mkdir -p "$node_volume/lost+found"

t_case "first start"
check "prepare" node_initc prepare
check "the broker starts" node_start 4.3.1
check "topic, produce, consume" bed_smoke 4.3.1 smoke "$node_bootstrap" test 3 hello "I like kafka" goodbye
check "stops as asked" node_stop

t_case "second start"
before=$(find "$node_volume" -printf '%p %u %g %m %s %T@ %C@\n' | sort)
run 0 node_initc prepare
expect_stdout_has "nothing had to be changed"
if [ "$(find "$node_volume" -printf '%p %u %g %m %s %T@ %C@\n' | sort)" = "$before" ]; then
  ok "prepare left every inode as it was"
else
  not_ok "prepare left every inode as it was"
fi
bed_archives=no # writing a class archive opens every jar a second time
check "the broker starts" node_start 4.3.1
run 0 bed_smoke 4.3.1 consume "$node_bootstrap" test 3
for message in hello "I like kafka" goodbye; do expect_stdout_has "$message"; done

t_case "probe"
port=${node_bootstrap##*:}
probe() { # asks from within the broker's network, as the kubelet's exec would; process 1 is not the broker here
  local command=("$node_program" probe "$1" --listener "127.0.0.1:$port")
  [ "$(id -u)" != 0 ] || command=(pod_client "${command[@]}")
  "${command[@]}"
}
run 0 probe ready
expect_stdout_has answers
kill -STOP "$node_broker"
run 1 probe ready
expect_stdout_has "no answer"
run 1 probe live
kill -CONT "$node_broker"
run 0 probe live
port=1
run 1 probe ready
run 0 probe live

t_case "descriptors"
check "need can be read beside a live broker" node_descriptors
printf '# predicted %s, open %s, of them %s connections\n' "$node_predicted" "$node_open" "$node_sockets"
if [ $((node_open - node_predicted)) -le 3 ] && [ $((node_predicted - node_open)) -le 3 ]; then
  ok "the prediction is right to 3 of them"
else
  not_ok "the prediction is right to 3 of them" "predicted $node_predicted, open $node_open"
fi
check "stops as asked" node_stop
done_testing
