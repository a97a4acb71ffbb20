# shellcheck shell=bash
# TAP for shell tests. tests/run reads it; a skip says what is missing, and MUST_RUN=1 makes it a failure there.
#
#   t_case NAME             puts "NAME: " in front of the names that follow; without NAME nothing
#   ok NAME                 not_ok NAME [LINE...]          skip NAME REASON
#   check NAME CMD...       ok when CMD succeeds, otherwise its output is the diagnosis
#   run STATUS CMD...       runs CMD; ok when its exit status is STATUS; what it printed is in $t_stdout and $t_stderr
#   expect_stdout_has TEXT  expect_stdout_hasnt TEXT  expect_stderr_has TEXT     about the last run
#   need_root, need_cmd CMD...    end the script with one skip when it is not so
#   at_exit CMD...          runs CMD when the script ends, the last one first
#   done_testing            prints the plan; the last line of every script

t_count=0
t_prefix=""
t_last="nothing was run"
t_folder=""
t_cleanups=()

t_case() { t_prefix=${1:+$1: }; }

# A '#' would start a directive.
t_name() { printf '%s' "$t_prefix${1//#/}"; }

ok() {
  t_count=$((t_count + 1))
  printf 'ok %d - %s\n' "$t_count" "$(t_name "$1")"
}

not_ok() {
  t_count=$((t_count + 1))
  printf 'not ok %d - %s\n' "$t_count" "$(t_name "$1")"
  shift
  [ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

skip() {
  t_count=$((t_count + 1))
  printf 'ok %d - %s # SKIP %s\n' "$t_count" "$(t_name "$1")" "$2"
}

done_testing() { printf '1..%d\n' "$t_count"; }

t_run_cleanups() {
  set +e # one that fails must not keep the next from running
  local i
  for ((i = ${#t_cleanups[@]} - 1; i >= 0; i--)); do
    eval "${t_cleanups[i]}"
  done
}

at_exit() {
  local command
  printf -v command '%q ' "$@"
  [ ${#t_cleanups[@]} -gt 0 ] || trap t_run_cleanups EXIT
  t_cleanups+=("$command")
}

# Makes the folder for captured output when the first command asks for it.
t_start_capture() {
  [ -z "$t_folder" ] || return 0
  t_folder=$(mktemp -d) || exit 1
  t_stdout=$t_folder/stdout
  t_stderr=$t_folder/stderr
  at_exit rm -rf "$t_folder"
}

check() {
  local name=$1
  shift
  t_start_capture
  if "$@" >"$t_folder/check" 2>&1; then
    ok "$name"
    return 0
  fi
  not_ok "$name" "$(head -n 40 "$t_folder/check")"
  return 1
}

run() {
  local want=$1 status=0
  shift
  t_start_capture
  t_last="$*"
  "$@" >"$t_stdout" 2>"$t_stderr" </dev/null || status=$?
  if [ "$status" = "$want" ]; then
    ok "status $want of $t_last"
    return 0
  fi
  not_ok "status $want of $t_last" "status $status" "$(head -n 20 "$t_stdout")" "$(head -n 20 "$t_stderr")"
  return 1
}

# $1 what it is called, $2 its file, $3 the text
t_expect_has() {
  local name="$1 has '$3'"
  if [ -n "$2" ] && grep -qF -- "$3" "$2"; then
    ok "$name"
    return 0
  fi
  not_ok "$name" "$t_last printed:" "$(head -n 40 "${2:-/dev/null}")"
  return 1
}

expect_stdout_has() { t_expect_has stdout "${t_stdout:-}" "$1"; }
expect_stderr_has() { t_expect_has stderr "${t_stderr:-}" "$1"; }

expect_stdout_hasnt() {
  if grep -qF -- "$1" "${t_stdout:-/dev/null}"; then
    not_ok "stdout has no '$1'" "$t_last printed:" "$(head -n 40 "$t_stdout")"
    return 1
  fi
  ok "stdout has no '$1'"
}

t_skip_rest() {
  skip "${0##*/}" "$1"
  done_testing
  exit 0
}

need_root() { [ "$(id -u)" = 0 ] || t_skip_rest "needs root"; }

need_cmd() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || t_skip_rest "$command is not installed"
  done
}
