# A release: this checkout and the libraries it needs, in a folder of their own that never changes again.
# shellcheck shell=bash

PAYLOAD=(edge train convert models systemd scripts/install setup.sh config.yaml pyproject.toml
    requirements/edge-py311.lock requirements/edge-py313.lock README.md CHANGELOG.md LICENSE docs)

# pack: the payload as a tar stream that is the same for the same files.
pack() {
    tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
        --exclude=__pycache__ --exclude='*.keras' --exclude='*.egg-info' "${PAYLOAD[@]}"
}

# ingredients: all that makes one release differ from another: the payload, and what the venv is made for.
ingredients() {
    pack || return
    printf 'Python %s\n' "$PYTHON_VERSION"
    ! has_system_packages || printf 'with packages of the system\n'
}

# find_release_name: that of a release made of the same; for a new one VERSION, or VERSION+DIGEST when that is taken.
find_release_name() {
    local version
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
    [[ -n $version ]] || stop "pyproject.toml has no version; get this folder again"
    DIGEST=$(ingredients | sha256sum | cut -c 1-64)
    THIS_RELEASE=$(find_built)
    [[ -z $THIS_RELEASE ]] || return 0
    THIS_RELEASE=$version
    [[ ! -d $RELEASES/$version ]] || THIS_RELEASE=$version+${DIGEST:0:8}
}

# find_built: the name of the release that is made of the same, nothing when there is none.
find_built() {
    local file
    for file in "$RELEASES"/*/digest; do
        if [[ $file != *.part/digest && $(cat "$file" 2>/dev/null) == "$DIGEST" ]]; then
            basename "$(dirname "$file")"
            return
        fi
    done
}

is_built() {
    [[ $(cat "$RELEASES/$THIS_RELEASE/digest" 2>/dev/null) == "$DIGEST" ]]
}

# build_release OFFLINE_FOLDER: THIS_RELEASE lies complete in RELEASES, or not at all.
build_release() {
    if is_built; then
        say "Release $THIS_RELEASE is there already"
        return
    fi
    check_disk
    say "Building release $THIS_RELEASE; this takes some minutes on a Pi …"
    local part=$RELEASES/$THIS_RELEASE.part
    rm -rf "$RELEASES"/*.part
    mkdir -p "$part"
    pack | tar --extract --no-same-owner --touch --directory "$part"
    make_release_venv "$part" "$1"
    "$part/venv/bin/maskwatch" --version >/dev/null || stop "the new release does not start; what it said above is the reason"
    move_paths "$part" "$RELEASES/$THIS_RELEASE"
    printf '%s\n' "$DIGEST" >"$part/digest"
    sync --file-system "$part" # all of it is on the disk before its name says so
    mv -T "$part" "$RELEASES/$THIS_RELEASE"
    sync "$RELEASES"
}

# make_release_venv PART OFFLINE_FOLDER
make_release_venv() {
    local venv=$1/venv options=(--quiet --disable-pip-version-check --no-input) system=()
    if has_system_packages; then
        system=(--system-site-packages)
        options+=(--ignore-installed) # what the lock file names lies in the venv, whatever the system has
    fi
    [[ -z $2 ]] || options+=(--no-index --find-links "$2")
    "$PYTHON" -m venv "${system[@]}" "$venv" ||
        stop "cannot make a virtual environment; run: sudo apt-get install python3-venv"
    "$venv/bin/python" -m pip install "${options[@]}" --require-hashes --requirement "$1/requirements/edge-$LOCKS.lock" ||
        stop "a library could not be installed; check the network, or use --offline DIR with all of edge-$LOCKS.lock in it"
    "$venv/bin/python" -m pip install "${options[@]}" --no-deps --no-build-isolation --editable "$1" ||
        stop "this folder could not be installed; what pip said above is the reason"
    rm -rf "$1/build" "$1"/*.egg-info
    "$venv/bin/python" -m compileall -q "$1/edge"
}

# Whether the camera or the pins come from the operating system.
has_system_packages() {
    "$PYTHON" -c 'import importlib.util as util, sys; sys.exit(not any(map(util.find_spec, ("picamera2", "lgpio"))))'
}

# move_paths PART FINAL: what pip wrote into the venv with the folder's first name in it gets its final one.
move_paths() {
    local file
    while IFS= read -r -d '' file; do
        sed -i "s|$1|$2|g" "$file"
    done < <(grep --recursive --files-with-matches --null --binary-files=without-match --fixed-strings "$1" "$1/venv" || true)
}

# prune_releases: only the one in use and the one before are kept.
prune_releases() {
    local folder name
    for folder in "$RELEASES"/*; do
        name=$(basename "$folder")
        [[ $name == "$(release_of current)" || $name == "$(release_of previous)" ]] || rm -rf "$folder"
    done
}
