#!/usr/bin/env bash
# The one door to Maskwatch. Run it from anywhere; it works in the folder it lies in.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
    cat <<'TEXT'
usage: ./setup.sh COMMAND [ARGUMENTS]

  demo    install what the device needs into .venv and watch somebody walk up to the door (no hardware)
  test    install what the tests need and run all of them
  run     run the daemon here:              ./setup.sh run --config config.yaml
  train   prepare, train, evaluate:         ./setup.sh train classifier --help
  convert a trained model for the device:   ./setup.sh convert --help

  install | upgrade | rollback | uninstall | network | coral
          the service that starts at boot, with sudo: docs/installing.md
  appliance-test
          boot a virtual Pi, install there, break it in every way: docs/reliability.md
TEXT
}

say() { printf '\033[1m%s\033[0m\n' "$*"; }

stop() {
    printf 'setup.sh: %s\n' "$*" >&2
    exit 2
}

# find_python COMMAND [sudo]: sets PYTHON, PYTHON_VERSION and LOCKS (the name that lock files for this Python carry).
find_python() {
    local example="${2:+$2 }PYTHON=python3.11 ./setup.sh $1"
    PYTHON=${PYTHON:-python3}
    command -v "$PYTHON" >/dev/null || stop "$PYTHON is not installed; run: sudo apt install python3 python3-venv"
    PYTHON_VERSION=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || PYTHON_VERSION=
    case $PYTHON_VERSION in
        3.11) LOCKS=py311 ;;
        3.12 | 3.13) LOCKS=py313 ;;
        "") stop "$PYTHON does not start; name a Python that does, for example: $example" ;;
        *) stop "Python $PYTHON_VERSION is not supported; use 3.11, 3.12 or 3.13, for example: $example" ;;
    esac
    local bits # of the program: a 64-bit kernel may run a 32-bit system
    bits=$("$PYTHON" -c 'import struct; print(8 * struct.calcsize("P"))')
    [[ $bits == 64 ]] || stop "$PYTHON is a $bits-bit program; write the 64-bit Raspberry Pi OS to the card"
}

# has_installed FOLDER LOCK_FILE: whether that virtual environment holds what the lock file says, and this checkout.
has_installed() {
    cmp -s "$1/installed.lock" <(cat "$2" pyproject.toml)
}

# make_venv FOLDER LOCK_FILE: a virtual environment that holds what the lock file says, and this checkout.
make_venv() {
    local folder=$1 lock=$2
    has_installed "$folder" "$lock" && return
    say "Installing into $folder what $lock says …"
    rm -f "$folder/installed.lock"
    if [[ -x $folder/bin/python && $("$folder/bin/python" -V) != $("$PYTHON" -V) ]]; then
        rm -rf "$folder" # of another Python
    fi
    [[ -x $folder/bin/python ]] || "$PYTHON" -m venv "$folder" ||
        stop "cannot make a virtual environment in $folder; run: sudo apt install python3-venv"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    cat "$lock" pyproject.toml >"$folder/installed.lock"
}

# The development environment will do for everything that the device's does.
edge_venv() {
    has_installed .venv "requirements/dev-$LOCKS.lock" || make_venv .venv "requirements/edge-$LOCKS.lock"
}

dev_venv() {
    [[ $(uname -m) == x86_64 ]] ||
        stop "training, conversion and their tests need an x86-64 desktop; on a Pi run: ./setup.sh demo, ./setup.sh run"
    make_venv .venv "requirements/dev-$LOCKS.lock"
}

run_tests() {
    dev_venv
    say "All tests, on LiteRT …"
    .venv/bin/python -m pytest "$@"
    if [[ $LOCKS == py311 ]]; then
        make_venv .venv-tflite-runtime requirements/test-py311-tflite-runtime.lock
        say "The edge tests once more, on tflite-runtime …"
        .venv-tflite-runtime/bin/python -m pytest tests/edge "$@"
    fi
}

main() {
    local command=${1:-help}
    [[ $# -gt 0 ]] && shift
    case $command in
        demo)
            find_python "$command"
            edge_venv
            exec .venv/bin/python scripts/demo/demo.py "$@"
            ;;
        test)
            find_python "$command"
            run_tests "$@"
            ;;
        run)
            find_python "$command"
            edge_venv
            exec .venv/bin/python -m edge run "$@"
            ;;
        train)
            find_python "$command"
            dev_venv
            exec .venv/bin/python -m train "$@"
            ;;
        convert)
            find_python "$command"
            dev_venv
            exec .venv/bin/python -m convert "$@"
            ;;
        appliance-test)
            find_python "$command"
            edge_venv
            exec .venv/bin/python scripts/appliance/appliance.py "$@"
            ;;
        install | upgrade | rollback | uninstall | network | coral)
            # shellcheck source=scripts/install/main.sh disable=SC1091 # only shellcheck -x follows it
            source scripts/install/main.sh
            run_installer "$command" "$@"
            ;;
        help | -h | --help) usage ;;
        *)
            usage >&2
            stop "unknown command $command"
            ;;
    esac
}

main "$@"
