#!/usr/bin/env bash
# Gradescope runs this once, as root, when the autograder is built.
set -euo pipefail

root=${AUTOGRADER:-/autograder}
. "$root/source/config.sh"

newest_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import ensurepip, sys, venv
sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

if ! python=$(newest_python) || ! command -v bwrap > /dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install --yes bubblewrap
    python=$(newest_python) || {
        apt-get install --yes python3-venv python3.11-venv || apt-get install --yes python3-venv
        python=$(newest_python)
    }
fi

"$python" -m venv "$root/venv"
# shellcheck disable=SC2086  # several options
"$root/venv/bin/python" -m pip install --quiet $PIP_ARGS "$root"/source/llama_edu-*.whl
"$root/venv/bin/llama-edu" grade --help > /dev/null
