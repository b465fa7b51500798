#!/usr/bin/env bash
# Unpacks Debian's redis-server and the libraries it needs into .tools/redis, without root; what is there already is
# kept. A redis-server on the PATH is taken where there is no Debian.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../.tools/redis
server() { LD_LIBRARY_PATH=$tools/lib "$tools/redis-server" --version >/dev/null 2>&1; }
server && exit
rm -rf "$tools"
mkdir -p "$tools/lib"
if ! command -v apt-get >/dev/null; then
  ln -s "$(command -v redis-server)" "$tools/redis-server"
  server
  exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
packages="redis-tools libjemalloc2 liblzf1"
(cd "$work" && apt-get -q download $packages >/dev/null 2>&1) ||
  (apt-get -q update >/dev/null && cd "$work" && apt-get -q download $packages >/dev/null)
for package in "$work"/*.deb; do dpkg -x "$package" "$work/root"; done
# One binary is the server by its name.
cp "$work/root/usr/bin/redis-check-rdb" "$tools/redis-server"
find "$work/root/usr/lib" \( -name 'libjemalloc.so*' -o -name 'liblzf.so*' \) -exec cp -a {} "$tools/lib/" \;
server
