#!/usr/bin/env bash
# Shell scripts are clean for shellcheck, and those to be run can be.
. "$(dirname "$0")/lint.bash"

not_executable() {
  shell_files | while IFS= read -r file; do
    head -n 1 "$file" | grep -q '^#!' && [ ! -x "$file" ] && echo "$file: starts with #! but is not executable"
  done
  return 0
}

if command -v shellcheck >/dev/null; then
  judge "shellcheck finds nothing" "$(shell_files | xargs -r -P "$(nproc)" -n 6 shellcheck -x -f gcc 2>&1)"
else
  skip "shellcheck finds nothing" "shellcheck is not installed"
fi
judge "scripts are executable" "$(not_executable)"
done_testing
