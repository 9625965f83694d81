#!/bin/sh
# The Debian packages that Infolinia uses beside Python: installs what is missing, as root or through sudo.
set -eu
needed="espeak-ng"
wanted="graphviz sip-tester sox"
# The better voice, where this machine's sources have it (non-free). Its Debian voices may not be used for everything:
# Infolinia takes one unasked only if its licence is free; see docs/speech.md.
for p in rhvoice rhvoice-polish; do
  if apt-cache show "$p" >/dev/null 2>&1; then wanted="$wanted $p"; else absent=yes; fi
done
[ -z "${absent:-}" ] || echo "==> RHVoice cannot be installed from this machine's sources (Debian non-free): espeak-ng speaks"
missing() { for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || echo "$p"; done; }
command -v dpkg-query >/dev/null || { echo "Not a Debian system: please install $needed by hand."; exit 0; }
must=$(missing $needed); may=$(missing $wanted)
[ -n "$must$may" ] || exit 0
echo "==> Debian packages:" $must $may
if [ "$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo"; else
  [ -z "$must" ] || { echo "Please run as root: apt-get install $must"; exit 1; }
  echo "    left out (not root): $may; needed for make bench and infolinia graph only"; exit 0
fi
export DEBIAN_FRONTEND=noninteractive
$root apt-get -qq update
$root apt-get -qq install -y --no-install-recommends $must $may >/dev/null
