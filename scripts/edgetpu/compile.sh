#!/usr/bin/env bash
# Compiles the models for a Coral: the one step that needs Google's closed compiler, which runs on x86-64 Linux only.
#
# command    scripts/edgetpu/compile.sh                     both shipped models, together
#            scripts/edgetpu/compile.sh A.tflite B.tflite   others, with their manifests beside them
# needs      edgetpu_compiler on PATH, or Docker or Podman, which then hold it (scripts/edgetpu/Containerfile);
#            .venv of ./setup.sh test, for the check before and after
# writes     A_edgetpu.tflite and A_edgetpu.json beside each A.tflite; the device needs nothing else
# expected   "… layers on the Edge TPU, nothing stays on the CPU" for both. Nobody has run it on the shipped models yet
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")

stop() {
    printf 'compile.sh: %s\n' "$*" >&2
    exit "${CODE:-2}"
}

python=${PYTHON:-$root/.venv/bin/python}
[[ -x $python ]] || stop "$python is missing; run ./setup.sh test first: it installs what the check needs into .venv"

models=()
for model in "$@"; do
    [[ -f $model ]] || stop "$model is missing; give CPU models, or nothing for the shipped ones"
    models+=("$(realpath -- "$model")")
done
((${#models[@]})) || models=("$root"/models/{face_detector,mask_classifier}.tflite)

arguments=()
if ! command -v edgetpu_compiler >/dev/null; then
    if command -v docker >/dev/null || command -v podman >/dev/null; then
        arguments=(--compiler "$here/in_container.sh")
    else
        CODE=3 stop "neither edgetpu_compiler nor docker nor podman is installed; docs/coral.md says how to get one"
    fi
fi
cd "$root"
exec "$python" -m convert.edgetpu "${models[@]}" "${arguments[@]}"
