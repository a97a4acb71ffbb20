#!/usr/bin/env bash
# The bed itself: a broker of 4.3.1 on storage that Kafka's own tool formatted, started, used, stopped, started again.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd java javac setpriv
# shellcheck source=bed.sh
. tests/kafka/bed.sh

version=4.3.1
if ! why=$(bed_need "$version" 2>&1); then
  t_skip_rest "$why"
fi

port=$(bed_free_port) controller_port=$(bed_free_port)
config=$bed_dir/server.properties
log=$bed_dir/broker.log
mkdir "$bed_dir/d0" "$bed_dir/d1"
cat >"$config" <<CONF
process.roles=broker,controller
node.id=0
controller.quorum.bootstrap.servers=127.0.0.1:$controller_port
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
controller.listener.names=CONTROLLER
log.dirs=$bed_dir/d0,$bed_dir/d1
offsets.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
CONF

check "Kafka's StorageTool formats the directories" bed_smoke "$version" format-dirs "$config" MkU3OEVBNTcwNTJENDM2Qg --standalone
bed_own "$bed_dir/d0" "$bed_dir/d1"

started() { # NAME
  local begin
  begin=$(bed_now_ms)
  bed_broker_start "$version" "$config" "$log"
  broker=$bed_pid
  if bed_broker_wait "$log" 60 "$broker"; then
    ok "$1"
    echo "# $1: $(($(bed_now_ms) - begin)) ms"
  else
    not_ok "$1" "$(tail -n 20 "$log")"
  fi
}

stopped() { # NAME
  local begin
  begin=$(bed_now_ms)
  check "$1" bed_broker_stop "$broker"
  echo "# $1: $(($(bed_now_ms) - begin)) ms"
}

started "the broker starts"
check "the broker holds descriptors" test "$(bed_fd_count "$broker")" -gt 50
echo "# descriptors: $(bed_fd_count "$broker")"
begin=$(bed_now_ms)
run 0 bed_smoke "$version" smoke "127.0.0.1:$port" bed 3 alpha beta gamma
expect_stdout_has beta
echo "# topic, produce and consume: $(($(bed_now_ms) - begin)) ms"
stopped "the broker stops in order"

started "it starts again, from the class archive"
check "the archive is there" test -s "$bed_cds/kafka-$version.jsa"
begin=$(bed_now_ms)
run 0 bed_smoke "$version" consume "127.0.0.1:$port" bed 3
expect_stdout_has gamma
run 0 bed_smoke "$version" wait "127.0.0.1:$port"
run 1 bed_smoke "$version" topic "127.0.0.1:$port" bed 3
expect_stderr_has TopicExistsException
stopped "it stops in order again"

run 0 bed_smoke "$version" config "$config"
run 0 bed_smoke "$version" snapshot "$bed_dir/d0/bootstrap.checkpoint"
expect_stdout_has "metadata.version"
expect_stdout_has "bytes behind the last batch: 0"
run 0 bed_smoke "$version" snapshot "$bed_dir/d0/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"
expect_stdout_has "VotersRecord"
run 2 bed_smoke "$version" nonsense

bed_spawn "$bed_dir/dead.log" sh -c 'exit 1'
bed_broker_wait "$bed_dir/dead.log" 5 "$bed_pid"
check "a process that ended is not waited for" test $? = 1
check "all processes are gone" test "${#bed_pids[@]}" -le 1
done_testing
