#!/usr/bin/env bash
# The property tables are what the releases' own ConfigDef says, and values are judged as the releases' KafkaConfig does.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_cmd java javac
# shellcheck source=bed.sh
. tests/kafka/bed.sh

# Version in values.tsv, patch release, dialect of the base configuration.
releases='
0.10.2 0.10.2.0 zookeeper
3.9 3.9.2 zookeeper
4.1 4.1.2 kraft
4.3 4.3.1 kraft
'
initc=$bed_build/bin/kafka-initc

for release in $(tests/kafka/jars --list); do
  if ! why=$(tests/kafka/jars "$release" 2>&1 >/dev/null); then
    t_skip_rest "$why"
  fi
done

run 0 tools/schema/generate "$bed_dir/schema_tables.c"
check "make schema gives the table that is in the tree" diff -q "$bed_dir/schema_tables.c" lib/kafka/schema_tables.c

base() { # DIALECT
  case $1 in
    zookeeper) printf '%s\n' zookeeper.connect=127.0.0.1:2181 broker.id=0 log.dirs=/var/lib/kafka/data ;;
    kraft)
      printf '%s\n' process.roles=broker,controller node.id=0 log.dirs=/var/lib/kafka/data \
        listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093 controller.listener.names=CONTROLLER \
        advertised.listeners=PLAINTEXT://127.0.0.1:9092 controller.quorum.bootstrap.servers=127.0.0.1:9093
      ;;
  esac
}

# Rows of values.tsv on which the words of $2 (one verdict a line, "ok" or anything else) differ. $1 list "ok|no LINE"
differences() {
  paste "$1" "$2" | awk -F'\t' '($1 == "ok") != ($3 == "ok") { print $2 ": expected " $1 ", got " $3 }'
}

same() { # NAME LIST VERDICTS
  local found
  found=$(differences "$2" "$3")
  if [ -z "$found" ] && [ "$(wc -l <"$2")" = "$(wc -l <"$3")" ]; then
    ok "$1"
  else
    not_ok "$1" "$found" "$(wc -l <"$2") rows, $(wc -l <"$3") verdicts"
  fi
}

# What kafka-initc says of the base with each line put in place of the key it had. $1 version, $2 base, $3 list
initc_verdicts() {
  local line
  while IFS=$'\t' read -r _ line; do
    { awk -v key="${line%%=*}=" 'index($0, key) != 1' "$2"; printf '%s\n' "$line"; } >"$bed_dir/one.properties"
    if "$initc" config check --kafka-version "$1" "$bed_dir/one.properties" >/dev/null 2>&1; then
      echo ok
    else
      echo refused
    fi
  done <"$3"
}

while read -r version release dialect; do
  [ -n "$version" ] || continue
  if ! why=$(bed_need "$release" 2>&1); then
    skip "values of $version" "$why"
    continue
  fi
  base "$dialect" >"$bed_dir/base"
  awk -F'\t' -v version="$version" '$1 == version { print $2 "\t" $3 }' tests/kafka/values.tsv >"$bed_dir/list"
  cut -f2 "$bed_dir/list" >"$bed_dir/lines"

  bed_smoke "$release" each "$bed_dir/base" "$bed_dir/lines" >"$bed_dir/verdicts" 2>"$bed_dir/stderr"
  cut -f2 "$bed_dir/verdicts" >"$bed_dir/words"
  same "values.tsv says what KafkaConfig of $release says" "$bed_dir/list" "$bed_dir/words"

  if [ -x "$initc" ]; then
    initc_verdicts "$version" "$bed_dir/base" "$bed_dir/list" >"$bed_dir/words"
    same "kafka-initc says of $version what KafkaConfig of $release says" "$bed_dir/list" "$bed_dir/words"
  else
    skip "kafka-initc says of $version what KafkaConfig of $release says" "$initc is not built"
  fi
done <<<"$releases"
done_testing
