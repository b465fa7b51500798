#!/usr/bin/env bash
# Installs what the edge is built, run and measured with, at the versions written down beside this file, into .tools/edge;
# what is there already is kept. A headless Chromium comes from Debian, where it can be had. After changing package.json:
#   npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../.tools/edge
mkdir -p "$tools"

if ! cmp -s "$here/package-lock.json" "$tools/package-lock.installed"; then
  rm -f "$tools/package-lock.installed"
  cp "$here/package.json" "$here/package-lock.json" "$tools/"
  npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error
  cp "$here/package-lock.json" "$tools/package-lock.installed"
fi

if ! command -v chromium-headless-shell chromium >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium-headless-shell; } >/dev/null 2>&1 ||
    echo "no headless Chromium: the test of the page in a browser will be skipped" >&2
fi
