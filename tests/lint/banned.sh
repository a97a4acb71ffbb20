#!/usr/bin/env bash
# Our C calls none of the functions in banned.txt, comments and strings aside.
. "$(dirname "$0")/lint.bash"

calls() { # prints "FILE:LINE NAME" of everything that looks like a call
  c_files | while IFS= read -r file; do
    bare_c "$file" | awk -v file="$file" '{
      text = $0
      while (match(text, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
        before = substr(text, 1, RSTART - 1)
        name = substr(text, RSTART, RLENGTH - 1); sub(/[ \t]+$/, "", name)
        text = substr(text, RSTART + RLENGTH)
        if (before !~ /(\.|->)[ \t]*$/) print file ":" FNR, name
      }
    }'
  done
}

found() {
  calls | awk -F'\t' '
    NR == FNR { if ($0 !~ /^#/ && NF >= 3) { n++; where[n] = $1; name[n] = $2; why[n] = $3; may[n] = " " $4 " " } next }
    {
      split($0, call, " "); file = call[1]; sub(/:.*/, "", file)
      for (i = 1; i <= n; i++)
        if (name[i] == call[2] && (where[i] == "all" || index(file, where[i]) == 1) && !index(may[i], " " file " "))
          print call[1] ": " call[2] "(): " why[i]
    }' tests/lint/banned.txt -
}

stale() { # exceptions for files that have no such call any more
  calls | awk -F'\t' '
    NR == FNR { if ($0 !~ /^#/ && $4 != "") { k = split($4, f, " "); for (i = 1; i <= k; i++) want[f[i] " " $2] = 1 } next }
    { split($0, call, " "); sub(/:.*/, "", call[1]); delete want[call[1] " " call[2]] }
    END { for (w in want) print "banned.txt lets " w " but there is no such call" }' tests/lint/banned.txt -
}

judge "no banned function is called" "$(found)"
judge "no exception has outlived its call" "$(stale)"
done_testing
