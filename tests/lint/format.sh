#!/usr/bin/env bash
# All C is laid out as .clang-format says (make fmt does it).
. "$(dirname "$0")/lint.bash"

tool=${CLANG_FORMAT:-clang-format-14}
if command -v "$tool" >/dev/null; then
  judge "C is formatted (make fmt)" \
    "$(c_files | xargs -r "$tool" --dry-run -Werror 2>&1 | grep 'error:' | cut -d: -f1,2 | LC_ALL=C sort -u)"
else
  skip "C is formatted (make fmt)" "$tool is not installed"
fi
done_testing
