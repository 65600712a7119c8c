#!/usr/bin/env bash
# Tests the package as its users install it: builds it (the wheel from the sdist), installs it by pip into virtual
# environments, and runs the tests there against the server that the repository builds (npm run build).
#
#   clients/python/test.sh             three: Python 3.7 and python3 (or $PYTHON) with the oldest, Python 3.13 with the newest;
#                                      where one is not here, python3 takes its place
#                                        oldest  protobuf 3.20.1 and the oldest grpcio that has wheels (not before 1.32);
#                                                in 3.7 it codes in C++, above 3.10 in Python
#                                        newest  what pip takes by itself, renewed every week
#   clients/python/test.sh --all       every Python from 3.7 to 3.13 that is here
#   clients/python/test.sh 3.11        this one alone, in both
#   ARCHIVE_TEST_FULL_SIZE=1 …         large reads in full size, 100 models of 2 MB, instead of small
#   ARCHIVE_TEST_RESULTS_DIR=… …       leaves the results of each environment there, as JUnit's XML
#
# Environments are kept in the cache, by their versions.
set -euo pipefail
cd "$(dirname "$0")"
cache=${ARCHIVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/synergos-archive}/python-client
# Databases in memory: what is tested is the client, not the disk.
if [ -w /dev/shm ]; then work=$(mktemp -d -p /dev/shm); else work=$(mktemp -d); fi
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"
exec 8>"$cache/lock"
flock 8 # Two at once would install into the same environments.

declare -A oldest_grpcio=([3.7]=1.32.0 [3.8]=1.32.0 [3.9]=1.33.2 [3.10]=1.41.0 [3.11]=1.49.1 [3.12]=1.59.0 [3.13]=1.66.2)

minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# find <minor>: prints a Python of that version, from the PATH or from pyenv.
find_python() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if [ "$(minor "$candidate")" = "$1" ] && "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# environment <folder> <python> <requirements…>: makes a virtual environment, unless it is there.
environment() {
  local folder=$1 python=$2
  shift 2
  [ -d "$folder" ] && return
  rm -rf "$folder.new"
  "$python" -m venv "$folder.new"
  "$folder.new/bin/python" -m pip install --quiet --disable-pip-version-check --prefer-binary "$@"
  mv "$folder.new" "$folder"
}

# run <python> <minor> <oldest|newest>: tests in one environment; prints which, and pytest's closing line.
run() {
  local python=$1 minor=$2 kind=$3 folder requirements output
  if [ "$kind" = oldest ]; then
    requirements=(protobuf==3.20.1 "grpcio==${oldest_grpcio[$minor]}")
    folder=$cache/$minor-protobuf-3.20.1-grpcio-${oldest_grpcio[$minor]}
  else
    requirements=(jsonschema) # So that both kinds of ValidationError are tested.
    folder=$cache/$minor-newest-$(date +%G-W%V)
  fi
  output=$work/$minor-$kind.out
  local report=()
  [ -z "${ARCHIVE_TEST_RESULTS_DIR-}" ] || report=(--junitxml "$ARCHIVE_TEST_RESULTS_DIR/python-$minor-$kind.xml")
  {
    environment "$folder" "$python" "$wheel" pytest "${requirements[@]}" &&
      "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel" &&
      "$folder/bin/python" -B -m pytest --basetemp "$work/$minor-$kind-temp" ${report[@]+"${report[@]}"}
  } >"$output" 2>&1 || { touch "$work/failed"; cat "$output"; }
  echo "$("$folder/bin/python" -c '
import google.protobuf, google.protobuf.internal.api_implementation as api, grpc, platform
print("Python %s, protobuf %s (%s), grpcio %s" % (
    platform.python_version(), google.protobuf.__version__, api.Type(), grpc.__version__))' 2>/dev/null ||
    echo "Python $minor, $kind"): $(tail -1 "$output")"
}

first=${PYTHON:-python3}
first_minor=$(minor "$first")
if [ $# -gt 0 ] && [ "$1" != --all ]; then
  first_minor=$1
  first=$(find_python "$1")
  [ -n "$first" ] || { echo "There is no Python $1 here" >&2; exit 1; }
fi

environment "$cache/build-$first_minor" "$first" build 'setuptools>=61' wheel
"$cache/build-$first_minor/bin/python" -m build --no-isolation --outdir "$work/dist" . >"$work/build.out" 2>&1 ||
  { cat "$work/build.out"; exit 1; }
rm -rf src/*.egg-info
wheel=$(echo "$work"/dist/*.whl)

jobs=()
missing=()
# add <minor> <kind>: a Python of that version, where it is here.
add() {
  local python
  python=$(find_python "$1")
  if [ -n "$python" ]; then jobs+=("$python $1 $2"); else missing+=("$1"); fi
}
if [ "${1-}" = --all ]; then
  for pair in 3.7:oldest 3.8:newest 3.9:oldest 3.10:newest 3.11:oldest 3.12:oldest 3.13:newest; do
    [ "${pair%:*}" = "$first_minor" ] || add "${pair%:*}" "${pair#*:}"
  done
elif [ $# -eq 0 ]; then
  [ "$first_minor" = 3.7 ] || add 3.7 oldest
  [ "$first_minor" = 3.13 ] || add 3.13 newest
fi
jobs+=("$first $first_minor oldest")
# What the newest Python has tested already, python3 does not do again.
[[ $# -eq 0 && "${jobs[*]}" == *" newest"* ]] || jobs+=("$first $first_minor newest")

# Two at a time: a test waits for its server half of the time.
for job in "${jobs[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
  # Without the lock: what is left of a run that was killed keeps no other waiting.
  # shellcheck disable=SC2086 # A job is three words.
  run $job 8>&- &
done
wait
[ ${#missing[@]} -eq 0 ] || echo "not here, so not tested: Python ${missing[*]}"
if [ -e "$work/failed" ]; then echo 'FAILED'; exit 1; fi
