#!/usr/bin/env bash
# Installs SecantusDB, a server that speaks the protocol of MongoDB, at the versions written down beside this file, into
# .tools/mongo; what is there already is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../.tools/mongo
cmp -s "$here/requirements.txt" "$tools/requirements.installed" && exit
mkdir -p "$tools"
rm -f "$tools/requirements.installed"
python3 -m venv --clear "$tools/venv"
"$tools/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$here/requirements.txt"
cp "$here/requirements.txt" "$tools/requirements.installed"
