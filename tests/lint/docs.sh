#!/usr/bin/env bash
# Man pages say all that --help says, and render; every program has one.
. "$(dirname "$0")/lint.bash"

# Options as in "--dry-run" that the program's own help and that of its verbs name.
options_of() {
  local program=$1 verb
  {
    "$program" --help
    for verb in $(verbs_of "$program"); do "$program" "$verb" --help; done
  } | grep -oE -- '(^|[ ,])--[a-z][a-z-]*' | tr -d ' ,' | LC_ALL=C sort -u
}

verbs_of() { # the words at the start of the lines below "Commands:"
  "$1" --help | awk 'tolower($0) ~ /^commands:?$/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }'
}

absent() { # PAGE WORD...
  local page=$1 word
  shift
  for word in "$@"; do grep -qF -- "$word" <<<"$page" || echo "$word is not in the man page"; done
}

for binary in "$BUILD"/bin/*; do
  [ -x "$binary" ] || continue
  name=${binary##*/}
  if [ ! -f "docs/man/$name.1.scd.in" ]; then
    judge "$name has a man page" "docs/man/$name.1.scd.in is missing"
    continue
  fi
  if ! command -v scdoc >/dev/null || ! command -v mandoc >/dev/null; then
    skip "$name: man page" "scdoc or mandoc is not installed"
    continue
  fi
  judge "$name: the man page renders" "$(mandoc -Tlint -W error "$BUILD/man/$name.1" 2>&1)"
  page=$(mandoc -Tascii "$BUILD/man/$name.1" | sed 's/.\x08//g')
  mapfile -t options < <(options_of "$binary")
  mapfile -t verbs < <(verbs_of "$binary")
  judge "$name: --help names options" "$([ ${#options[@]} -ge 3 ] || echo "found ${options[*]:-none}")"
  if grep -q '^Usage:.* COMMAND' <("$binary" --help); then
    judge "$name: --help names verbs" "$([ ${#verbs[@]} -ge 2 ] || echo "found ${verbs[*]:-none}")"
  fi
  judge "$name: every option and verb is in the man page" "$(absent "$page" "${options[@]}" "${verbs[@]}")"
  judge "$name: no placeholder is left in the man page" "$(grep -nE '@[A-Z]+@' <<<"$page")"
  judge "$name: --help is at most 80 columns wide" \
    "$({ "$binary" --help; for verb in "${verbs[@]}"; do "$binary" "$verb" --help; done; } | LC_ALL=C.UTF-8 grep -E '^.{81}')"
done
[ -n "${name:-}" ] || judge "programs are built" "nothing in $BUILD/bin: run make"
done_testing
