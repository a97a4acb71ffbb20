#!/usr/bin/env bash
# What holds for every file: licence, a first sentence, no rubbish, and no traces of the machine it was written on.
. "$(dirname "$0")/lint.bash"

sources() { all_files | grep -E '\.(c|h|java)$'; }
# Captured machines and fuzzers' inputs are as they are.
texts() { all_files | grep -vE '^(LICENSE$|tests/fixtures/|tests/fuzz/corpus/)' | xargs -r grep -lI '' --; }
find_in() { texts | xargs -r grep -nE "$1" -- /dev/null | cut -c1-160; }

no_head() {
  sources | while IFS= read -r file; do
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || echo "$file: line 1 is not the SPDX line"
    sed -n 2p "$file" | grep -qE '^(/\*\*?|//) [^ ]' || echo "$file: line 2 does not say what the file is for"
  done
}

no_newline() { texts | while IFS= read -r file; do [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at its end"; done; }
tabs() {
  texts | grep -vE '(^Makefile|\.mk|\.scd\.in|\.txt|may-skip|\.tsv|\.go|\.mod|\.sum)$' | xargs -r grep -nP '^ *\t' -- /dev/null | cut -c1-160
}
# Columns are characters. A line with a text in it may have nowhere to break; what tools/schema generates is not read.
too_wide() {
  code_files | grep -v '^lib/kafka/schema_tables\.c$' | LC_ALL=C.UTF-8 xargs -r grep -nE '^.{121}' -- /dev/null |
    grep -v '"' | cut -d: -f1,2
}

# The brackets keep these patterns from finding themselves.
judge "every source has its licence and its purpose on top" "$(no_head)"
judge "no notes to self" "$(find_in '\<([T]ODO|[F]IXME|[X]XX|[H]ACK)\>')"
judge "no path of somebody's machine" "$(find_in '(^|[^A-Za-z0-9_.<>$}-])/([w]ork|[h]ome|[U]sers)/[A-Za-z.]')"
judge "no host of a package registry" \
  "$(find_in '(deb|security)[.]debian[.]org|(archive|security)[.]ubuntu[.]com|repo1?[.]maven|pypi[.]org|crates[.]io|npmjs[.]org|proxy[.]golang')"
judge "no conflict markers" "$(find_in '^(<<<<<<<|>>>>>>>) ')"
judge "no blanks at line ends" "$(find_in '[[:blank:]]+$')"
judge "files end with a newline" "$(no_newline)"
judge "indented with blanks" "$(tabs)"
judge "C is at most 120 columns wide" "$(too_wide)"
judge "the Makefile and its tiers have at most 300 lines" \
  "$(cat Makefile tests/tiers.mk | wc -l | awk '$1 > 300 { print $1 " lines" }')"
done_testing
