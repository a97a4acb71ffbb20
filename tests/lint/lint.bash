# shellcheck shell=bash
# What every lint shares: it stands in the top folder, speaks TAP, and judges by a list of problems that should be empty.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
BUILD=${BUILD:-build}

c_files() { find lib initc tuner daemonset tests -name '*.[ch]' | LC_ALL=C sort; }
code_files() { find lib initc tuner daemonset -name '*.[ch]' | LC_ALL=C sort; }

# All files of the project that people write, also those not yet committed.
all_files() {
  { git ls-files -co --exclude-standard 2>/dev/null || find . -path "./$BUILD" -prune -o -type f -print; } |
    sed 's|^\./||' | LC_ALL=C sort -u | while IFS= read -r file; do [ ! -f "$file" ] || echo "$file"; done
}

shell_files() {
  all_files | while IFS= read -r file; do
    case $file in *.sh | *.bash) echo "$file"; continue ;; *.*) [ "${file#.ci/}" != "$file" ] || continue ;; esac
    head -c 64 "$file" | head -n 1 | grep -qaE '^#!.*[/ ](ba)?sh( |$)' && echo "$file"
  done
  return 0
}

# C text without comments, strings and character constants; lines stay where they were.
bare_c() {
  perl -0777 -pe '
    s{(//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\x27(?:[^\x27\\\n]|\\.)*\x27)}
     {my $t = $1; my $n = ($t =~ tr/\n//); (substr($t, 0, 1) eq "\"" ? "\"\"" : " ") . "\n" x $n}gse' "$1"
}

# One test: passes when there are no problems, and otherwise prints them.
judge() { # NAME PROBLEMS
  if [ -z "$2" ]; then
    ok "$1"
    return 0
  fi
  not_ok "$1" "$2"
}
