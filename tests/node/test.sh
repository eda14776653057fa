#!/usr/bin/env bash
# Follows a real server with consumer.mjs over a kill of the server and one of the consumer, and sees
# that every event came, in order, and was proven; and that it does not take another log's key. Events
# come at least once: the kill of the consumer, and nothing else, may make it print some again, which
# are the last ones that it printed before.
#
#   tests/node/test.sh BIN     BIN: the folder of latchkeyd and latchkey
set -euo pipefail
bin="$(realpath "$1")"
cd "$(dirname "${BASH_SOURCE[0]}")"

installed=node_modules/.latchkey-lock
if ! cmp -s package-lock.json "$installed"; then
  npm ci --ignore-scripts --loglevel=error >&2
  cp package-lock.json "$installed"
fi

node retry_info_test.mjs
folder="$(mktemp -d)"
server="" consumer=""
# shellcheck disable=SC2329 # called by the trap
finish() {
  [[ -z "$consumer" ]] || kill -KILL "$consumer" 2>/dev/null || true
  [[ -z "$server" ]] || kill -KILL "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
fail() {
  echo "tests/node: $*" >&2
  cat "$folder/log" "$folder/errors" >&2 2>/dev/null || true
  exit 1
}
serve() {
  rm -f "$folder/ready"
  "$bin/latchkeyd" serve --data "$folder/data" --listen "unix:$folder/socket" \
    --ready-file "$folder/ready" 2>>"$folder/log" &
  server=$!
  for _ in {1..200}; do
    [[ -e "$folder/ready" ]] && return 0
    sleep 0.1
  done
  fail "the server does not start"
}
# consume <until> <key> <output>: begins to follow.
consume() {
  node consumer.mjs "unix:$folder/socket" "$folder/auditor" "$2" "$folder/state" "$1" \
    >"$folder/$3" 2>>"$folder/errors" &
  consumer=$!
}
# sequences <output>: of the events in it, as they came.
sequences() { grep -o '"sequence":[0-9]*' "$folder/$1" | cut -d: -f2 || true; }
# change <first> <last>: makes an event for each.
change() {
  for i in $(seq "$1" "$2"); do
    "$bin/latchkey" member create "acme/m$i" --role member >/dev/null
  done
}
newest() { "$bin/latchkey" -o json admin status | grep -o '"newestRevision": *"[0-9]*"\|"newest_revision": *"[0-9]*"' | grep -o '[0-9]*'; }

umask 077
"$bin/latchkeyd" init --data "$folder/data" >"$folder/operator" 2>>"$folder/log"
export LATCHKEY_CONFIG="$folder/config.toml" LATCHKEY_TARGET="unix:$folder/socket"
export LATCHKEY_TOKEN_FILE="$folder/operator"
serve
"$bin/latchkey" workspace create acme --plan standard --primary-owner ann >/dev/null
"$bin/latchkey" service create audit --roles auditor >/dev/null
"$bin/latchkey" token issue services/audit --kind service >"$folder/auditor" 2>/dev/null
key="$("$bin/latchkey" audit verify-key)"

consume 1000000 "$key" before
change 1 10
kill -KILL "$server" || fail "the server ended too early"
wait "$server" 2>/dev/null || true
serve
change 11 20
# What it was at is not lost where it is killed itself.
kill -KILL "$consumer" || fail "the consumer ended too early"
wait "$consumer" 2>/dev/null || true
change 21 25
consume "$(newest)" "$key" after
wait "$consumer" || fail "the consumer failed"
consumer=""

last="$(sequences before | tail -n 1)" first="$(sequences after | head -n 1)"
last="${last:-0}" first="${first:-$(($(newest) + 1))}"
[[ "$(sequences before)" == "$(seq "$last")" ]] || fail "before the kill: $(sequences before)"
((first <= last + 1)) || fail "the events $((last + 1)) to $((first - 1)) are missing"
[[ "$(sequences after)" == "$(seq "$first" "$(newest)")" ]] || fail "after it: $(sequences after)"

# A key of another log, from the beginning.
other="$("$bin/latchkeyd" init --data "$folder/other" 2>&1 >/dev/null | sed -n 's/.*verify with //p')"
[[ -n "$other" && "$other" != "$key" ]] || fail "there is no second key"
rm -f "$folder/state" "$folder/errors"
consume "$(newest)" "$other" refused
wait "$consumer" && fail "a key of another log was taken"
consumer=""
grep -q "signature\|not signed by" "$folder/errors" || fail "it failed for another reason"
echo "tests/node: $(newest) events, each proven"
