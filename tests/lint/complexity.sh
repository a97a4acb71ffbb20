#!/usr/bin/env bash
# The longest and the most complex functions: something to look at, not a verdict.
. "$(dirname "$0")/lint.bash"

# pmccabe prints: modified complexity, complexity, statements, first line, lines, "file(line): function".
if command -v pmccabe >/dev/null; then
  table=$(code_files | grep '\.c$' | xargs -r pmccabe 2>/dev/null)
  judge "pmccabe reads our sources" "$([ -n "$table" ] || echo 'it printed nothing')"
  echo "# ten longest functions: lines, complexity, place"
  sort -k5,5nr <<<"$table" | head -n 10 | awk '{ printf "#   %4d %4d  %s %s\n", $5, $2, $6, $7 }'
  echo "# ten most complex functions: complexity, lines, place"
  sort -k2,2nr <<<"$table" | head -n 10 | awk '{ printf "#   %4d %4d  %s %s\n", $2, $5, $6, $7 }'
  echo "# ten longest files"
  code_files | grep '\.c$' | xargs -r wc -l | grep -v ' total$' | sort -nr | head -n 10 | sed 's/^/#  /'
else
  skip "pmccabe reads our sources" "pmccabe is not installed"
fi
done_testing
