# What the operating system gives: packages, and the user that the service runs as.
# shellcheck shell=bash

NEEDED_PACKAGES=(python3-venv)
# Raspberry Pi OS has both, Debian neither: the Pi's own camera, and the pins on Python 3.13.
OPTIONAL_PACKAGES=(python3-picamera2 python3-lgpio)
GROUPS_WANTED=(video gpio render)

has_package() {
    [[ $(dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null) == "install ok installed" ]]
}

apt_knows() {
    apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# packages_missing: those that are not installed and that apt has; a needed one also when apt lacks it.
packages_missing() {
    local package
    for package in "${NEEDED_PACKAGES[@]}"; do
        has_package "$package" || printf '%s\n' "$package"
    done
    for package in "${OPTIONAL_PACKAGES[@]}"; do
        has_package "$package" || ! apt_knows "$package" || printf '%s\n' "$package"
    done
}

# apt_lacks PACKAGES…: whether one of them is neither installed nor known to apt.
apt_lacks() {
    local package
    for package in "$@"; do
        has_package "$package" || apt_knows "$package" || return 0
    done
    return 1
}

# update_lists: where apt knows too little; without its servers only a needed package is worth stopping for.
update_lists() {
    apt_lacks "${NEEDED_PACKAGES[@]}" "${OPTIONAL_PACKAGES[@]}" || return 0
    ! apt-get update --quiet || return 0
    ! apt_lacks "${NEEDED_PACKAGES[@]}" || stop "apt cannot reach its servers; check the network, or use --offline DIR"
    say "apt cannot reach its servers; what it knows nothing of is left out"
}

# install_packages OFFLINE_FOLDER: nothing where there is no apt, and nothing that is there already.
install_packages() {
    if ! command -v apt-get >/dev/null; then
        say "There is no apt here: the Python that is here must bring its own venv"
        return
    fi
    [[ -n $1 ]] || update_lists
    local missing
    mapfile -t missing < <(packages_missing)
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ -n $1 ]]; then
        say "Without a network these are left out: ${missing[*]}"
        return
    fi
    say "Installing ${missing[*]} …"
    dpkg --configure -a # what an interrupted apt left half done
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}" ||
        stop "apt could not install ${missing[*]}; what it said above is the reason, then run the same command again"
}

make_user() {
    getent group "$USER_NAME" >/dev/null || groupadd --system "$USER_NAME"
    if ! getent passwd "$USER_NAME" >/dev/null; then
        useradd --system --gid "$USER_NAME" --no-create-home --home-dir /var/lib/maskwatch --shell /usr/sbin/nologin "$USER_NAME"
    fi
    local group
    for group in "${GROUPS_WANTED[@]}"; do
        join_group "$USER_NAME" "$group"
    done
    # whoever installs may edit the settings and ask the daemon without sudo
    [[ -z ${SUDO_USER:-} || ${SUDO_USER:-} == root ]] || join_group "$SUDO_USER" "$USER_NAME"
}

# join_group USER GROUP: where that group exists and the user is not in it.
join_group() {
    getent group "$2" >/dev/null || return 0
    [[ " $(id -nG "$1") " == *" $2 "* ]] || usermod --append --groups "$2" "$1"
}

# Owner and mode are set each time: they are cheap, and a cut may have come before them.
make_folders() {
    mkdir -p "$ETC" "$STATE"
    chown "root:$USER_NAME" "$ETC"
    chmod 2775 "$ETC" # editors that write a new file beside the old one need the folder
    chown "$USER_NAME:$USER_NAME" "$STATE"
    chmod 0750 "$STATE"
}

# put_config RELEASE: the first settings; what is there stays.
put_config() {
    [[ -e $ETC/config.yaml ]] || write_whole "$ETC/config.yaml" "root:$USER_NAME" 0664 <"$RELEASES/$1/config.yaml"
}
