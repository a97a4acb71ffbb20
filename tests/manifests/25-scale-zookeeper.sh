#!/usr/bin/env bash
# reassign and scale-down in ZooKeeper mode: three real brokers of Kafka 3.9 and its own tools; only kubectl is played, by
# kubectl-local. There is no quorum to ask and no broker to unregister, and everything else is as in KRaft mode.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd java javac setpriv
# shellcheck source=../kafka/bed.sh
. tests/kafka/bed.sh
version=3.9.2
if ! why=$(bed_need "$version" 2>&1); then t_skip_rest "$why"; fi
# shellcheck source=brokers.bash
. tests/manifests/brokers.bash
brokers_home "$version"

zookeeper=$(bed_free_port)
check "ZooKeeper starts" bed_zookeeper_start "$bed_dir/zookeeper" "$zookeeper" || { done_testing; exit 1; }
for i in 0 1 2; do
  brokers_node "$i" <<CONF
broker.id=$i
listeners=PLAINTEXT://127.0.0.1:${ports[i]}
zookeeper.connect=127.0.0.1:$zookeeper
log.dirs=$PODS/kafka-$i/data
CONF
done
brokers_up "$version" 0 1 2

check "a topic on all three" topics --create --topic orders.v1 --replica-assignment 0,1,2,0,1,2
check "a topic on the first two" topics --create --topic plain --replica-assignment 0:1,1:0

t_case refused
run 1 scale_down 2
expect_stderr_has "2 partitions are on brokers 2, the first: orders.v1-2 orders.v1-5"
expect_stderr_has "reassign -n kafka -s kafka --from 2 --to 0,1"
check "the set is as it was" test "$(cat "$PODS/replicas")" = 3
run 1 reassign --from all --to 0,9
expect_stderr_has "broker 9 is not up; there are: 0 1 2"

t_case "a throttled plan"
run 0 reassign --from 2 --to 0,1 --throttle 50000000 --plan "$bed_dir/plan"
expect_stdout_has "1 topics, 6 partitions to brokers 0,1"
expect_stdout_has "all 6 partitions are where the plan wants them"
check "nothing is left on broker 2" test "$(on 2)" = 0
check "and back" reassign --apply "$bed_dir/plan/before.json"
check "broker 2 has its two again" test "$(on 2)" = 2
check "and away" reassign --apply "$bed_dir/plan/plan.json"

t_case "scaled down"
run 0 scale_down 2 --dry-run
expect_stdout_has "no partition is on brokers 2"
expect_stdout_hasnt "voters"
run 0 scale_down 2
expect_stdout_has "kafka from 3 to 2"
expect_stdout_hasnt "unregistered"
check "the set is smaller" test "$(cat "$PODS/replicas")" = 2
run 1 reassign --from all --to 0,2
expect_stderr_has "broker 2 is not up; there are: 0 1"

t_case "down to one"
check "the topic with two replicas goes" topics --delete --topic plain
run 0 reassign --from all --to 0 --plan "$bed_dir/to-0"
run 0 scale_down 1
check "one is left" test "$(cat "$PODS/replicas")" = 1
check "with all partitions" test "$(on 0)" = 6

t_case "another set"
printf 3 >"$PODS/replicas"
run 2 env CONTAINERS=zookeeper manifests/scale-down 2 -s zookeeper
expect_stderr_has "the pods of zookeeper are not Kafka's"

t_case "no answer is not ZooKeeper mode"
mv "$PODS/kafka-0/server.properties" "$bed_dir/away"
run 4 scale_down 1
expect_stderr_has "cannot read the properties of kafka-0"
check "nothing was scaled" test "$(cat "$PODS/replicas")" = 3
done_testing
