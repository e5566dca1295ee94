# Where everything lies, and the few ways in which the installer changes a file: whole or not at all.
# shellcheck shell=bash disable=SC2034 # the other parts use what is set here

# MASKWATCH_ROOT puts everything below another folder: for tests.
ROOT=${MASKWATCH_ROOT:-}
OPT=$ROOT/opt/maskwatch
RELEASES=$OPT/releases
TRIAL=$OPT/trial
ETC=$ROOT/etc/maskwatch
STATE=$ROOT/var/lib/maskwatch
UNITS=$ROOT/etc/systemd/system
DROP_INS=$UNITS/maskwatch.service.d
UDEV_RULES=$ROOT/etc/udev/rules.d/60-maskwatch-coral.rules
COMMAND=$ROOT/usr/local/bin/maskwatch
USER_NAME=maskwatch

# write_whole FILE [OWNER MODE]: what comes in is in FILE, on the disk, or FILE is as it was.
write_whole() {
    mkdir -p "$(dirname "$1")"
    cat >"$1.new"
    if [[ $# -gt 1 ]]; then
        chown "$2" "$1.new"
        chmod "$3" "$1.new"
    fi
    sync "$1.new"
    mv -fT "$1.new" "$1"
    sync "$(dirname "$1")"
}

# copy_if_changed FROM TO: leaves TO alone when it is the same.
copy_if_changed() {
    cmp -s "$1" "$2" || write_whole "$2" <"$1"
}

# point LINK TARGET: LINK leads to TARGET, without a moment in which it leads nowhere.
point() {
    [[ $(readlink "$1") != "$2" ]] || return 0
    mkdir -p "$(dirname "$1")"
    ln -sfnT "$2" "$1.new"
    mv -fT "$1.new" "$1"
    sync "$(dirname "$1")"
}

# release_of LINK: the name of the release that `current` or `previous` leads to, nothing when there is none.
release_of() {
    local name
    name=$(basename "$(readlink "$OPT/$1")")
    [[ -z $name || ! -d $RELEASES/$name ]] || printf '%s' "$name"
}

# maskwatch_of RELEASE ARGUMENTS…: runs the command of that release.
maskwatch_of() {
    "$RELEASES/$1/venv/bin/maskwatch" "${@:2}"
}
