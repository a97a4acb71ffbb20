#!/usr/bin/env bash
# Every kafka.yaml of docs/examples can be copied as it is.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
initc=${BUILD:-build}/bin/kafka-initc

for example in docs/examples/*.yaml; do
  t_case "${example##*/}"
  run 0 env -i "$initc" config check "$example"
  check "starts with what it is for" grep -q '^# ' "$example"
done

t_case "kafka-0.10.2-seed.yaml"
seed=docs/examples/kafka-0.10.2-seed.yaml
if command -v jq >/dev/null; then
  run 0 env -i "$initc" config check -o json "$seed"
  given() { jq -e --arg file "$seed:" '[.properties[] | select(.source | startswith($file))] | length == 86' "$t_stdout"; }
  check "86 overrides are in it" given
  is_set() { jq -e --arg key "$1" --arg value "$2" '.properties[$key].value == $value' "$t_stdout"; }
  check "the 87th is the pod's" is_set broker.id 0
  check "on the volume, not beside it" is_set log.dir /var/lib/kafka
  check "a list is joined by commas" is_set zookeeper.connect \
    zk-0.zk-svc.default.svc.cluster.local:2181,zk-1.zk-svc.default.svc.cluster.local:2181,zk-2.zk-svc.default.svc.cluster.local:2181
else
  skip "its properties" "jq is not installed"
fi
t_case "as the third pod"
run 0 env -i "$initc" config check --pod kafka-2 "$seed"
t_case "secrets"
folder=$(mktemp -d)
at_exit rm -rf "$folder"
sed -e "s|^  properties:.*|&\n    ssl.keystore.password: open-sesame|" -e "s|volumes: .*|volumes: [$folder]\n  ephemeral: allow|" \
  docs/examples/kafka-trial.yaml >"$folder/kafka.yaml"
for output in text json; do
  run 0 "$BUILD/bin/kafka-initc" config render -c "$folder/kafka.yaml" --pod kafka-0 -o "$output"
  expect_stdout_has "ssl.keystore.password"
  expect_stdout_hasnt "open-sesame"
done
done_testing
