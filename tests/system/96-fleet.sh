#!/usr/bin/env bash
# What agents ask of an API server, promised in docs/fleet.md: a virtual day of thirty agents in a second or two. `make fleet`
# is the same with 5,000.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
fleet=${BUILD:-build}/tests/fleet/fleet
[ -x "$fleet" ] || t_skip_rest "tests/fleet is not built"

run 0 "$fleet" --nodes 30 --hours 24
expect_stdout_hasnt BROKEN
for promise in \
  "requests a minute and node" \
  "watches that are opened in one second" \
  "requests in one second" \
  "requests of each node" \
  "nodes whose state the API server does not hold" \
  "Events that were sent twice"; do
  expect_stdout_has "ok: $promise"
done
cp "$t_stdout" "$t_folder/first"
run 0 "$fleet" --nodes 30 --hours 24
check "the same again comes to the same" cmp "$t_folder/first" "$t_stdout"
run 0 "$fleet" --nodes 30 --hours 1 --seed 7
run 2 "$fleet" --nodes 0
done_testing
