#!/usr/bin/env bash
# The verbs that a person types: what went wrong is always said, as text and beside JSON, and paths may be written as people
# write them.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd jq
initc=${BUILD:-build}/bin/kafka-initc
folder=$(mktemp -d) || exit 1
at_exit rm -rf "$folder"
mkdir "$folder/data"
spec=$folder/kafka.yaml
owner=1000:1000
[ "$(id -u)" = 0 ] || owner=$(id -u):$(id -g)
write_spec() { # MORE-OF-KAFKA
  cat >"$spec" <<YAML
apiVersion: k8skafka/v1
kafka:
  version: "4.3"
  roles: [broker, controller]
  clusterId: MkU3OEVBNTcwNTJENDM2Qg
  service: kafka
$1
storage:
  owner: "$owner"
  volumes: [$folder/data]
  ephemeral: allow
limits: {onShortfall: warn}
YAML
}
write_spec ""
echo "a=b" >"$folder/server.properties"
json_is() { jq -e "$1" "$t_stdout"; }

t_case "an error that is no finding is said, whatever the output"
for output in text json; do
  run 2 env -i "$initc" config render -c "$spec" --pod no_ordinal -o "$output"
  expect_stderr_has "'no_ordinal' has no ordinal"
  run 2 env -i "$initc" config check "$spec" --pod no_ordinal -o "$output"
  expect_stderr_has "'no_ordinal' has no ordinal"
  run 2 env -i "$initc" config check "$spec" --kafka-version 9.9 -o "$output"
  expect_stderr_has "known are: 0.10.2"
  run 2 env -i "$initc" config check "$folder/server.properties" --kafka-version 9.9 -o "$output"
  expect_stderr_has "known are: 0.10.2"
  run 2 env -i "$initc" config check "$folder/none.yaml" -o "$output"
  expect_stderr_has "open $folder/none.yaml"
  mkdir -p "$folder/empty"
  run 4 env -i "$initc" prepare -n -c "$spec" --pod kafka-0 --sysroot "$folder/empty" -o "$output"
  check "prepare says why" grep -qF /proc/self/mountinfo "$t_stdout" "$t_stderr"
done
check "a need that nobody computed is not fine" json_is '.verdict == "failed" and .need == null'
run 2 env -i "$initc" config explain log.dirs --kafka-version 9.9
expect_stderr_has "known are: 0.10.2"

t_case "errors of kafka.yaml in JSON"
write_spec "  heep: 1Gi"
run 2 env -i "$initc" config check "$spec" -o json
check "are findings" json_is '[.findings[] | select(.level == "error") | .id] == ["unknown-key"]'
write_spec ""

t_case "a hand-off directory that is none"
run 4 env -i "$initc" prepare -n -c "$spec" --pod kafka-0 --handoff "$folder/server.properties"
expect_stdout_has "open $folder/server.properties: Not a directory"

t_case "volume PATH"
run 1 env -i "$initc" volume -c "$spec" --pod kafka-0 "/$folder//./data/"
expect_stdout_has "volume     $folder/data/kafka-log0 "
run 2 env -i "$initc" volume -c "$spec" --pod kafka-0 data
expect_stderr_has "absolute path"
run 2 env -i "$initc" volume -c "$spec" --pod kafka-0 "$folder/data/../data"
expect_stderr_has "absolute path"

t_case "format"
run 0 env -i "$initc" format -c "$spec" --pod kafka-0
expect_stdout_has "go on with: kafka-initc prepare"

t_case "what fails after something was found"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
  mkdir -p "$folder/other/kafka-log0/orders-0"
  sed "s,^  volumes:.*,  volumes: [$folder/data\, $folder/other]," "$spec" >"$folder/two.yaml"
  sed -i 's/^node.id=.*/node.id=7/' "$folder/data/kafka-log0/meta.properties"
  # one directory after the other cannot be read
  failed=0 silent=0 wrong=0
  for ((n = 1; n < 100; n++)); do
    env -i "$(command -v strace)" -o "$folder/trace" -e trace=getdents64 -e "inject=getdents64:error=EIO:when=$n" \
      "$initc" volume -c "$folder/two.yaml" --pod kafka-0 >"$folder/out" 2>&1
    status=$?
    grep -q EIO "$folder/trace" || break
    ! grep -q 'Bad file descriptor' "$folder/out" || silent=$((silent + 1))
    [ "$status" = 4 ] || continue
    failed=$((failed + 1))
    grep -q 'Input/output error' "$folder/out" || silent=$((silent + 1))
    env -i "$(command -v strace)" -o /dev/null -e trace=getdents64 -e "inject=getdents64:error=EIO:when=$n" \
      "$initc" prepare -n -c "$folder/two.yaml" --pod kafka-0 >"$folder/out" 2>&1
    grep -q '^failed .*Input/output error' "$folder/out" || wrong=$((wrong + 1))
  done
  check "there were such failures" test "$failed" -gt 0
  check "volume says each of them" test "$silent" = 0
  check "prepare says each of them" test "$wrong" = 0
else
  skip "is said" "strace does not work here"
fi

t_case "chown"
tree=$folder/tree
mkdir "$tree"
: >"$tree/one"
: >"$tree/of-two-names"
ln "$tree/of-two-names" "$tree/second-name"
ln -s /etc/passwd "$tree/link"
run 1 "$initc" chown --owner 4242:4242 --verify "$tree"
expect_stdout_has "5 entries, 2 not of 4242:4242"
expect_stdout_has "2 x a file of another owner with a second name (hard link)"
run 2 "$initc" chown --owner 0:0 "$tree"
run 2 "$initc" chown
run 4 "$initc" chown "$tree/link"
if [ "$(id -u)" = 0 ]; then
  run 5 "$initc" chown --owner 4242:4242 "$tree"
  expect_stdout_has "5 entries, 2 given to 4242:4242"
  expect_stdout_has "2 x a file of another owner with a second name (hard link)"
  expect_stdout_has "1 x a symbolic link"
  check "left alone" test "$(stat -c %u "$tree/second-name")" = 0
  rm "$tree/second-name"
  run 0 "$initc" chown --owner 4242:4242 "$tree"
  run 0 "$initc" chown --owner 4242:4242 --verify "$tree"
else
  skip "gives away" "not root"
fi

t_case "a listener that hangs up at once"
if command -v python3 >/dev/null; then
  # resets each connection and says its port first
  hang_up='import socket, struct
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    c = s.accept()[0]
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()'
  exec 4< <(exec python3 -c "$hang_up")
  server=$!
  at_exit eval "kill $server 2>/dev/null"
  read -r port <&4
  wrong=""
  for ((i = 0; i < 50; i++)); do
    said=$("$initc" probe live --listener "127.0.0.1:$port")
    status=$?
    [[ $status = 1 && $said == "hung "* ]] || wrong+="status $status: $said"$'\n'
  done
  check "is no listener that lives, and it says so" test -z "$wrong"
else
  skip "is no listener that lives" "python3 is not installed"
fi

t_case "nobody reads what prepare says"
rm -rf "$folder/data" "$folder/handoff"
mkdir "$folder/data"
mkfifo "$folder/pipe"
# the reader ends before the first line
{ exec 3>"$folder/pipe"; env -i "$initc" prepare -c "$spec" --pod kafka-0 --handoff "$folder/handoff" >&3; echo $? >"$folder/status"; } &
writer=$!
: <"$folder/pipe"
wait "$writer"
check "prepares all the same" test "$(cat "$folder/status")" = 0
check "the hand-off is there" test -f "$folder/handoff/handoff.json"
done_testing
