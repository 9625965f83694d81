#!/bin/sh
# `make model`: trains the small Vosk model of tests and benches and puts it where the program looks for it.
# Options are passed on, e.g.: sh tools/asr_tiny/make.sh --rhvoice /path/to/RHVoice/data
set -eu
cd "$(dirname "$0")/../.."
plugins=/usr/lib/x86_64-linux-gnu/fst/22
missing=""
command -v fstcompile >/dev/null || missing="libfst-tools"
[ -e $plugins/olabel_lookahead-fst.so ] || missing="$missing libfst22-plugins-base"
[ -e /usr/lib/x86_64-linux-gnu/libespeak-ng.so.1 ] || missing="$missing libespeak-ng1"
[ -z "$missing" ] || { echo "Missing on this machine (Debian 12 has them): apt-get install $missing"; exit 1; }
venv=var/asr_tiny/venv
if [ ! -e $venv/.installed ]; then
  echo "==> PyTorch and Kaldi's features in $venv/ (once, 1.4 GB)"
  mkdir -p var/asr_tiny
  "$(.venv/bin/python -c 'import sys; print(sys.executable)')" -m venv $venv
  $venv/bin/python -m pip install -qq --upgrade 'pip>=25.1'
  $venv/bin/python -m pip install -qq --constraint constraints.txt --editable '.[vosk]' --group model
  touch $venv/.installed
fi
PYTHONPATH=tools exec nice $venv/bin/python -m asr_tiny "$@"
