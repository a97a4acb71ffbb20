#!/usr/bin/env bash
# The page of --report in a real browser, as small as a phone and as wide as a desk, by day and by night: nothing sticks out,
# nothing is loaded, nothing is complained about, and letters stand out from what they stand on. Pictures are in the log folder.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
# shellcheck source=bed.sh
. tests/disk/bed.sh
# shellcheck source=browser.sh
. tests/disk/browser.sh
diskbench=${BUILD:-build}/bin/kafka-diskbench
[ -x "$diskbench" ] || t_skip_rest "kafka-diskbench is not built"
browser_need
bed_need

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"
pictures=${BUILD:-build}/test-logs
mkdir -p "$pictures"

# A path that would be markup, and a burst that ends.
check "volumes are made" bed_up xfs node=200000000 "g0=$(bed_burst 30000000 90000000 4)" g1=130000000 || exit 1
hostile="${bed_paths[1]}/<script>document.title='run'<"
mkdir -p "$hostile/script>"
"$diskbench" --quiet --time 45s --report "$scratch/report.html" "${bed_paths[0]}" "$hostile/script>" \
  >"$scratch/out" 2>"$scratch/err"
status=$?
check "the page is written (status $status)" test -s "$scratch/report.html" || { sed 's/^/# /' "$scratch/err"; done_testing; exit 1; }
bed_down
cp "$scratch/report.html" "$pictures/report.html"
check "the browser starts" browser_start || { tail -n 5 "$browser_folder/log" | sed 's/^/# /'; done_testing; exit 1; }

is_quiet() {
  local method
  for method in Log.entryAdded Runtime.consoleAPICalled Runtime.exceptionThrown; do
    ! browser_events "$method" | grep . || return 1
  done
}
loads_only() { [ "$(browser_events Network.requestWillBeSent | jq -r .request.url)" = "$1" ]; }
is_worth() { # EXPRESSION VALUE
  local value
  value=$(browser_value "$1") || return 1
  [ "$value" = "$2" ] || { echo "$value"; return 1; }
}
# Every element lies within the width of the screen, what a diagram clips aside.
inside='[...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect();
  return r.width > 0 && (r.left < -0.5 || r.right > innerWidth + 0.5) }).map(e => e.outerHTML.slice(0, 120)).join("\n")'
# Texts of diagrams do not lie on each other.
apart='[...document.querySelectorAll("svg.chart")].flatMap(s => { const t = [...s.querySelectorAll("text")].filter(e => e.textContent);
  return t.flatMap((a, i) => t.slice(i + 1).filter(b => { const p = a.getBoundingClientRect(), q = b.getBoundingClientRect();
    return Math.min(p.right, q.right) - Math.max(p.left, q.left) > 3 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 5
  }).map(b => a.textContent + " / " + b.textContent)) }).join("\n")'
# WCAG 2.1, 1.4.3: the luminance of letters and of what is behind them differ by 4.5 to 1.
contrast='(() => { const rgb = c => c.match(/[\d.]+/g).map(Number), light = c => { const [r, g, b] = rgb(c).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (rgb(c).length < 4 || rgb(c)[3] > 0) return c } return "rgb(255, 255, 255)" };
  return [...document.querySelectorAll("body *")].filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
    .filter(e => !e.closest("title, desc, .inside")).filter(e => { const s = getComputedStyle(e), a = light(e.closest("svg") ? s.fill : s.color),
      b = light(behind(e)); return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5 }).map(e => e.outerHTML.slice(0, 120)).join("\n") })()'

url=file://$scratch/report.html
for scheme in light dark; do
  for size in "360 740" "1280 900"; do
    read -r width height <<<"$size"
    t_case "$width pixels, $scheme"
    check "opens" browser_open "$url" "$width" "$height" "$scheme" || continue
    check "does not scroll sideways" is_worth 'document.documentElement.scrollWidth <= innerWidth' true
    check "nothing sticks out" is_worth "$inside" ""
    check "no labels lie on each other" is_worth "$apart" ""
    check "letters have contrast" is_worth "$contrast" ""
    check "loads nothing" loads_only "$url"
    check "no complaint in the console" is_quiet
    check "a picture is taken" browser_picture "$pictures/report-$width-$scheme.png"
  done
done

t_case "structure"
check "has a language" is_worth 'document.documentElement.lang' en
check "has one main heading" is_worth 'document.querySelectorAll("h1").length' 1
check "its headings leave out no level" is_worth '[...document.querySelectorAll("h1, h2, h3, h4")].map(e => +e.tagName[1])
  .every((level, i, all) => i === 0 ? level === 1 : level <= all[i - 1] + 1)' true
check "every diagram is described" is_worth '[...document.querySelectorAll("svg.chart")].filter(s => s.getAttribute("role") !== "img" ||
  !s.getAttribute("aria-labelledby").split(" ").every(id => document.getElementById(id).textContent)).length' 0
check "ids are there once" is_worth '(ids => ids.length - new Set(ids).size)([...document.querySelectorAll("[id]")].map(e => e.id))' 0
check "the two volumes, and the cap, have diagrams" is_worth 'document.querySelectorAll("svg.chart").length >= 7' true
check "the path is a text" is_worth 'document.body.textContent.includes("<script>document.title") && !document.scripts.length' true
done_testing
