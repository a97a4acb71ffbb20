#!/usr/bin/env bash
# Includes run one way, and each outside library is known to one file only.
. "$(dirname "$0")/lint.bash"

# Room, the rooms it may include from. docs/ARCHITECTURE.md says why.
rooms='
lib/base    lib/base
lib/text    lib/base lib/text
lib/os      lib/base lib/text lib/os
lib/kafka   lib/base lib/text lib/kafka
lib/app     lib/base lib/text lib/os lib/kafka lib/app
initc       lib/base lib/text lib/os lib/kafka lib/app initc
tuner       lib/base lib/text lib/os lib/kafka lib/app tuner tuner/rows
tuner/rows  lib/base lib/text lib/os lib/kafka lib/app tuner tuner/rows
tuner/bench lib/base lib/text lib/os lib/kafka lib/app tuner/bench
daemonset   lib/base lib/text lib/os lib/kafka lib/app daemonset
'

# Of another program's folder a room may include these headers and no others: its doors.
doors='
daemonset   tuner/tuner.h
'

# Header of an outside library, the files that may include it.
wrappers='
sys/capability.h  lib/os/caps.c
yaml.h            lib/app/yaml.c
jansson.h         lib/app/report.c
nettle/sha2.h     lib/kafka/uuid.c
curl/curl.h       daemonset/kube.c
microhttpd.h      daemonset/metrics.c
'

includes() { # prints "FILE LINE HEADER" of every include of the kind < or "
  code_files | xargs -r awk -v kind="$1" '
    /^[ \t]*#[ \t]*include[ \t]/ {
      text = $0; sub(/^[^<"]*/, "", text)
      if (substr(text, 1, 1) != kind) next
      sub(/^[<"]/, "", text); sub(/[>"].*/, "", text)
      print FILENAME, FNR, text
    }'
}

is_door() { # ROOM HEADER
  awk -v room="$1" -v header="$2" '$1 == room { for (i = 2; i <= NF; i++) found = found || $i == header } END { exit !found }' <<<"$doors"
}

wrong_rooms() {
  includes '"' | while read -r file line header; do
    allowed=$(awk -v room="${file%/*}" '$1 == room { $1 = ""; print $0 " " }' <<<"$rooms")
    case $allowed in
      "") echo "$file:$line: the room ${file%/*} has no row in $0" ;;
      *" ${header%/*} "*) [ -f "$header" ] || echo "$file:$line: no file $header" ;;
      *) is_door "${file%/*}" "$header" || echo "$file:$line: ${file%/*} may not include $header" ;;
    esac
  done
}

wrong_libraries() {
  includes '<' | while read -r file line header; do
    allowed=$(awk -v header="$header" '$1 == header { $1 = ""; print $0 " " }' <<<"$wrappers")
    case $allowed in
      "" | *" $file "*) ;;
      *) echo "$file:$line: <$header> belongs behind$allowed" ;;
    esac
  done
}

judge "includes run one way" "$(wrong_rooms)"
judge "each outside library has one wrapper file" "$(wrong_libraries)"
judge "no program's folder includes another program's, but by its door" \
  "$(includes '"' | awk '{ split($1, a, "/"); split($3, b, "/"); if (b[1] != "lib" && a[1] != b[1]) print }' |
    while read -r file line header; do is_door "${file%/*}" "$header" || echo "$file:$line: $header"; done)"
done_testing
