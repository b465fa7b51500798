#!/usr/bin/env bash
# Installs the node, the compiler and the contracts of the tests on a real chain at the versions written down beside
# this file, into .tools/chain, and compiles what comes as source (20 s); what is there already is kept. After changing
# package.json:
#   npm install --package-lock-only --legacy-peer-deps --omit-lockfile-registry-resolved --ignore-scripts
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../.tools/chain
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

packages() {
  cmp -s "$here/package-lock.json" "$tools/package-lock.installed" && return
  rm -f "$tools/package-lock.installed" "$tools/artifacts.built"
  cp "$here/package.json" "$here/package-lock.json" "$tools/"
  npm ci --prefix "$tools" --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error
  cp "$here/package-lock.json" "$tools/package-lock.installed"
}

artifacts() {
  local wanted
  wanted=$(cat "$here/package-lock.json" "$here/build.mjs" "$here"/contracts/*.sol | sha256sum)
  [ "$wanted" = "$(cat "$tools/artifacts.built" 2>/dev/null)" ] && return
  rm -rf "$tools/artifacts" "$tools/artifacts.built" "$tools/states"
  node "$here/build.mjs" "$tools" "$here/contracts"
  echo "$wanted" >"$tools/artifacts.built"
}

packages
artifacts
