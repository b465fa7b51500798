#!/usr/bin/env bash
# Installs the reference implementations of the differential tests at the versions written down beside this file, into
# .tools/reference; what is there already is kept. After changing package.json:
#   npm install --package-lock-only --legacy-peer-deps --omit-lockfile-registry-resolved --ignore-scripts
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../.tools/reference
mkdir -p "$tools"

# Peer dependencies are written down where they are needed; the others would bring a whole development chain along.
node_packages() {
  cmp -s "$here/package-lock.json" "$tools/package-lock.installed" && return
  rm -f "$tools/package-lock.installed"
  cp "$here/package.json" "$here/package-lock.json" "$tools/"
  npm ci --prefix "$tools" --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error
  cp "$here/package-lock.json" "$tools/package-lock.installed"
}

python_packages() {
  cmp -s "$here/requirements.txt" "$tools/requirements.installed" && return
  rm -f "$tools/requirements.installed"
  python3 -m venv --clear "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$tools/requirements.installed"
}

node_packages & node=$!
python_packages & python=$!
wait $node
wait $python
