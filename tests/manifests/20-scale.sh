#!/usr/bin/env bash
# reassign and scale-down with three real brokers and Kafka's own tools; only kubectl is played, by kubectl-local.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd java javac setpriv
# shellcheck source=../kafka/bed.sh
. tests/kafka/bed.sh
version=4.3.1
if ! why=$(bed_need "$version" 2>&1); then t_skip_rest "$why"; fi

# shellcheck source=brokers.bash
. tests/manifests/brokers.bash
brokers_home "$version"

# Node 1 is the quorum, so that a broker can go and a voter can be refused.
controller=$(bed_free_port)
for i in 0 1 2; do
  roles=broker listeners=PLAINTEXT://127.0.0.1:${ports[i]} flags=()
  [ "$i" != 1 ] || { roles=broker,controller listeners+=,CONTROLLER://127.0.0.1:$controller flags=(--standalone); }
  brokers_node "$i" <<CONF
process.roles=$roles
node.id=$i
controller.quorum.bootstrap.servers=127.0.0.1:$controller
listeners=$listeners
controller.listener.names=CONTROLLER
log.dirs=$PODS/kafka-$i/data
CONF
  bed_smoke "$version" format-dirs "$PODS/kafka-$i/server.properties" MkU3OEVBNTcwNTJENDM2Qg "${flags[@]}" >/dev/null ||
    not_ok "node $i is formatted"
  bed_own "$PODS/kafka-$i/data"
done
brokers_up "$version" 1 0 2

check "a topic on all three" topics --create --topic orders.v1 --replica-assignment 0,1,2,0,1,2
check "a topic on the first two" topics --create --topic plain --replica-assignment 0:1,1:0

t_case refused
run 1 scale_down 2
expect_stderr_has "2 partitions are on brokers 2, the first: orders.v1-2 orders.v1-5"
expect_stderr_has "reassign -n kafka -s kafka --from 2 --to 0,1"
check "the set is as it was" test "$(cat "$PODS/replicas")" = 3
run 2 scale_down 3
run 2 scale_down 0
run 1 reassign --from all --to 0,9
expect_stderr_has "broker 9 is not up; there are: 0 1 2"
run 2 reassign --from all --to 0,x

t_case "plan only"
run 0 reassign --from 2 --to 0,1 --dry-run --plan "$bed_dir/plan"
expect_stdout_has "1 topics, 6 partitions to brokers 0,1"
check "nothing has moved" test "$(on 2)" = 2
check "the way back is kept" grep -q '"partition":5' "$bed_dir/plan/before.json"
run 2 reassign --from 2 --to 0,1 --plan "$bed_dir/plan"
expect_stderr_has "holds a plan already"

t_case "moved"
run 0 reassign --apply "$bed_dir/plan/plan.json" --throttle 50000000
expect_stdout_has "all 6 partitions are where the plan wants them"
check "nothing is left on broker 2" test "$(on 2)" = 0
run 0 reassign --from 2 --to 0,1 --plan "$bed_dir/none"
expect_stdout_has "no partition is on 2"

t_case "scaled down"
run 0 scale_down 2 --dry-run
expect_stdout_has "voters 1 stay"
check "the set is as it was" test "$(cat "$PODS/replicas")" = 3
run 0 scale_down 2
expect_stdout_has "kafka from 3 to 2"
expect_stdout_has "brokers 2 are unregistered"
check "the set is smaller" test "$(cat "$PODS/replicas")" = 2

t_case "a voter stays"
run 4 reassign --from all --to 0 --plan "$bed_dir/too-few"
expect_stderr_has "replication factor"
check "the topic with two replicas goes" topics --delete --topic plain
run 0 reassign --from all --to 0 --plan "$bed_dir/to-0"
check "nothing is left on broker 1" test "$(on 1)" = 0
run 1 scale_down 1
expect_stderr_has "node 1 is a voter of the quorum (1) and has to stay"
done_testing
