# shellcheck shell=bash
# A headless Chromium, spoken to through its DevTools pipe (messages end with NUL, on descriptors 3 and 4 of the browser);
# sourced after tests/lib.sh. Its profile is a folder of its own, and it ends with the script.
#
#   browser_need                     ends the script with one skip when there is none
#   browser_start                    1 when it does not come up
#   browser_call METHOD [JSON]       calls a DevTools method for the page; its result is in $browser_result. 1 on an error
#   browser_value EXPRESSION         prints what the expression is worth, in the page
#   browser_open URL WIDTH HEIGHT SCHEME [SCALE]    shows a page as a screen of that size would; SCHEME: light or dark
#   browser_picture FILE             saves all of the page as PNG
#   browser_events METHOD            prints the parameters of the events of that name since the last browser_open

browser_folder="" browser_pid="" browser_id=0 browser_session="" browser_result=""

browser_need() { need_cmd chromium jq base64 setpriv; }

browser_stop() {
  [ -z "$browser_pid" ] || kill "$browser_pid" 2>/dev/null
  [ -z "$browser_pid" ] || wait "$browser_pid" 2>/dev/null
  rm -rf "$browser_folder"
}

browser_start() {
  local target
  browser_folder=$(mktemp -d) || return 1
  at_exit browser_stop
  mkfifo "$browser_folder/to" "$browser_folder/from"
  # Without its sandbox: root may not use it, and the pages are ours. The profile is its home, too: it leaves nothing else.
  HOME=$browser_folder setpriv --pdeathsig TERM chromium --headless --no-sandbox --remote-debugging-pipe \
    --user-data-dir="$browser_folder/profile" --disable-gpu --disable-dev-shm-usage --disable-background-networking \
    --disable-component-update --disable-extensions --no-first-run --hide-scrollbars --host-resolver-rules='MAP * 127.0.0.1' \
    about:blank 3<"$browser_folder/to" 4>"$browser_folder/from" >"$browser_folder/log" 2>&1 </dev/null &
  browser_pid=$!
  exec {browser_to}>"$browser_folder/to" {browser_from}<"$browser_folder/from"
  browser_call Target.getTargets || return 1
  target=$(jq -r '[.targetInfos[] | select(.type == "page")][0].targetId' <<<"$browser_result")
  browser_call Target.attachToTarget "{\"targetId\": \"$target\", \"flatten\": true}" || return 1
  browser_session=$(jq -r .sessionId <<<"$browser_result")
  browser_call Page.enable && browser_call Runtime.enable && browser_call Log.enable && browser_call Network.enable
}

browser_call() {
  local message parameters=${2:-"{}"}
  browser_id=$((browser_id + 1))
  jq -cn --arg method "$1" --arg session "$browser_session" --argjson id "$browser_id" --argjson params "$parameters" \
    '{id: $id, method: $method, params: $params} + if $session == "" then {} else {sessionId: $session} end' |
    tr '\n' '\0' >&"$browser_to"
  while IFS= read -r -t 60 -d '' -u "$browser_from" message; do
    printf '%s\n' "$message" >>"$browser_folder/events"
    [ "${message:0:$((6 + ${#browser_id}))}" = "{\"id\":$browser_id" ] || continue
    browser_result=$(jq -c '.result // empty' <<<"$message")
    [ -n "$browser_result" ]
    return
  done
  return 1
}

browser_value() {
  browser_call Runtime.evaluate "$(jq -cn --arg expression "$1" '{expression: $expression, returnByValue: true}')" &&
    jq -r '.result.value' <<<"$browser_result"
}

browser_open() {
  local i
  : >"$browser_folder/events"
  browser_call Emulation.setDeviceMetricsOverride \
    "{\"width\": $2, \"height\": $3, \"deviceScaleFactor\": ${5:-1}, \"mobile\": $([ "$2" -lt 600 ] && echo true || echo false)}" &&
    browser_call Emulation.setEmulatedMedia "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$4\"}]}" &&
    browser_call Page.navigate "{\"url\": \"$1\"}" || return 1
  for ((i = 0; i < 100; i++)); do
    [ "$(browser_value 'document.readyState + location.href')" != "complete$1" ] || return 0
    sleep 0.1
  done
  return 1
}

browser_picture() {
  browser_call Page.captureScreenshot '{"format": "png", "captureBeyondViewport": true}' &&
    jq -r .data <<<"$browser_result" | base64 -d >"$1"
}

browser_events() { jq -c --arg method "$1" 'select(.method == $method) | .params' "$browser_folder/events"; }
