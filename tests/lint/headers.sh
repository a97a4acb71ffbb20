#!/usr/bin/env bash
# Every header compiles alone and has the guard that its path says.
. "$(dirname "$0")/lint.bash"

headers() { c_files | grep '\.h$'; }

wrong_guards() {
  headers | while IFS= read -r file; do
    guard=KT_$(sed 's|^lib/||; s|[^A-Za-z0-9]|_|g' <<<"$file" | tr '[:lower:]' '[:upper:]')
    first=$(grep -m1 '^#' "$file")
    second=$(grep -m2 '^#' "$file" | tail -n 1)
    [ "$first" = "#ifndef $guard" ] && [ "$second" = "#define $guard" ] || echo "$file: its guard should be $guard"
  done
}

compile_alone() {
  # -Wno-unused: static data of a header is used by those who include it.
  headers | xargs -r -P "$(nproc)" -I{} sh -c \
    "printf '#include \"%s\"\n' {} | ${CC:-cc} -std=c17 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -Wno-unused -fsyntax-only -x c - 2>&1" |
    head -n 40
}

judge "every header has the guard of its path" "$(wrong_guards)"
judge "every header compiles alone" "$(compile_alone)"
done_testing
