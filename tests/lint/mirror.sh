#!/usr/bin/env bash
# Every lib/ROOM/NAME.c has tests/unit/lib/ROOM/test_NAME.c, or a reason in no-unit-test.txt.
. "$(dirname "$0")/lint.bash"

excused() { grep -v '^#' tests/lint/no-unit-test.txt | cut -f1; }

without() {
  find lib -name '*.c' | LC_ALL=C sort | while IFS= read -r file; do
    test=tests/unit/${file%/*}/test_${file##*/}
    [ -f "$test" ] || excused | grep -qxF -- "$file" || echo "$file: no $test"
  done
}

stray() {
  find tests/unit -name 'test_*.c' | LC_ALL=C sort | while IFS= read -r test; do
    room=${test#tests/unit/} room=${room%/*} name=${test##*/test_} name=${name%.c}
    # test_fs_enosys.c is a second file about fs.c
    while [ ! -f "$room/$name.c" ] && [ ! -f "$room/$name.h" ]; do
      case $name in *_*) name=${name%_*} ;; *) echo "$test: there is no $room/$name.c"; break ;; esac
    done
  done
}

judge "every file of the library has unit tests" "$(without)"
judge "every unit test has its file" "$(stray)"
judge "no excuse has outlived its file" \
  "$(excused | while IFS= read -r file; do [ -f "$file" ] || echo "no-unit-test.txt: there is no $file"; done)"
done_testing
