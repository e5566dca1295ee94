#!/usr/bin/env bash
# edgetpu_compiler in a container, with the same arguments; it sees the folder it is called in, and no network.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
image=maskwatch-edgetpu-compiler

run=(run --rm --network none --platform linux/amd64 --volume "$PWD:/models" --workdir /models)
if command -v docker >/dev/null; then
    engine=docker
    run+=(--user "$(id -u):$(id -g)") # with Podman the container's root is the caller
else
    engine=podman
fi
"$engine" build --quiet --platform linux/amd64 --tag "$image" --file "$here/Containerfile" "$here" >&2
exec "$engine" "${run[@]}" "$image" "$@"
