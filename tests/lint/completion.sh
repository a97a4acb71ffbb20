#!/usr/bin/env bash
# Bash completion offers the verbs, the options and file names where they belong.
. "$(dirname "$0")/lint.bash"

# Prints what completion offers for the last of the words, one a line, as an interactive bash would ask for it.
offers() { # SCRIPT WORD...
  local script=$1
  shift
  bash --norc --noprofile -c '
    . "$1" || exit 1
    shift
    spec=$(complete -p "$1") || exit 1
    function=$(sed -n "s/.* -F \([^ ]*\) .*/\1/p" <<<"$spec")
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
    "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>&1 >/dev/null
    printf "%s\n" "${COMPREPLY[@]}"' completion "$script" "$@" | sed 's/ $//'
}

offered() { # WANTED SCRIPT WORD...
  local wanted=$1 got
  shift
  got=$(offers "$@")
  grep -qxF -- "$wanted" <<<"$got" || echo "'$wanted' is not offered for '${*:2}'; offered: ${got//$'\n'/ }"
}

# Program, what has to be offered, and the words on the command line (the last one is being completed; . is an empty one).
while read -r name wanted words; do
  [ -n "$name" ] || continue
  script=$BUILD/completion/$name
  if [ ! -f "$script" ]; then
    judge "$name: completes" "$script is missing: run make"
    continue
  fi
  read -r -a line <<<"$name $words"
  for i in "${!line[@]}"; do [ "${line[i]}" != . ] || line[i]=""; done
  judge "$name: offers $wanted for '$words'" "$(offered "$wanted" "$script" "${line[@]}")"
done <<'ROWS'
kafka-initc prepare    .
kafka-initc prepare    pre
kafka-initc --dry-run  prepare --d
kafka-initc --help     --h
kafka-initc json       prepare --output .
kafka-initc Makefile   prepare --config Makef
kafka-tuner check      .
kafka-tuner check      ch
kafka-tuner --help     --he
kafka-tuner json       check --output j
kafka-diskbench --require --req
kafka-diskbench json   --output j
kafka-diskbench Makefile Makef
ROWS
done_testing
