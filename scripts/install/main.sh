# The commands that make this computer an appliance. Each can be cut at any line, and run again.
# shellcheck shell=bash

# shellcheck source=scripts/install/places.sh
source scripts/install/places.sh
# shellcheck source=scripts/install/checks.sh
source scripts/install/checks.sh
# shellcheck source=scripts/install/packages.sh
source scripts/install/packages.sh
# shellcheck source=scripts/install/release.sh
source scripts/install/release.sh
# shellcheck source=scripts/install/service.sh
source scripts/install/service.sh

# run_installer COMMAND ARGUMENTS…
run_installer() {
    umask 022
    case $1 in
        install | upgrade | uninstall) read_options "$@" ;;
        rollback) [[ $# -eq 1 ]] || stop "rollback takes no arguments" ;;
        network | coral) [[ $# -eq 2 && $2 =~ ^(on|off)$ ]] || stop "say: sudo ./setup.sh $1 on, or: $1 off" ;;
    esac
    check_root "$@"
    take_turn
    case $1 in
        install) deploy install ;;
        upgrade)
            [[ -n $(release_of current) ]] || stop "there is nothing to upgrade; run: sudo ./setup.sh install"
            deploy upgrade
            ;;
        rollback) roll_back ;;
        uninstall) uninstall ;;
        network | coral)
            [[ -n $(release_of current) ]] || stop "Maskwatch is not installed; run: sudo ./setup.sh install"
            "switch_$1" "$2"
            ;;
    esac
}

# Sets OFFLINE (a folder, or nothing) and PURGE (yes or no).
read_options() {
    OFFLINE='' PURGE=no
    local command=$1
    shift
    while [[ $# -gt 0 ]]; do
        case $command$1 in
            install--offline | upgrade--offline)
                OFFLINE=$(cd "$OLDPWD" && realpath -e "${2:-}" 2>/dev/null) && [[ -d $OFFLINE ]] ||
                    stop "--offline needs the folder that holds the wheels, got: ${2:-nothing}"
                shift
                ;;
            uninstall--purge) PURGE=yes ;;
            *) stop "$command does not know $1; install and upgrade take --offline DIR, uninstall takes --purge" ;;
        esac
        shift
    done
}

deploy() {
    check_system
    find_python "$1" sudo
    install_packages "$OFFLINE"
    make_user
    make_folders
    find_release_name
    build_release "$OFFLINE"
    put_config "$THIS_RELEASE"
    if [[ $(release_of current) == "$THIS_RELEASE" && ! -e $TRIAL ]]; then
        put_unit "$THIS_RELEASE"
        point "$COMMAND" /opt/maskwatch/current/venv/bin/maskwatch
        systemctl enable --quiet --now maskwatch.service
        say "Release $THIS_RELEASE is installed"
    else
        check_config
        try_release "$THIS_RELEASE"
    fi
    see_doctor
}

# What the new release objects to in the settings does not stop it: the last good ones stay in force.
check_config() {
    maskwatch_of "$THIS_RELEASE" check --config "$ETC/config.yaml" ||
        say "The settings in /etc/maskwatch/config.yaml need a look: what stands above"
}

see_doctor() {
    if maskwatch_of "$THIS_RELEASE" doctor --help >/dev/null 2>&1; then
        maskwatch_of "$THIS_RELEASE" doctor || say "Maskwatch is installed; the lines above say what it still lacks"
    fi
}

roll_back() {
    local now new
    now=$(release_of current)
    if [[ $(trial_word 1) == rollback ]]; then
        new=$(trial_word 2) now=$(trial_word 3) # cut the last time
    elif [[ $(trial_word 1) == upgrade && $(trial_word 2) == "$now" ]]; then
        new=$(trial_word 3)
    else
        new=$(release_of previous)
    fi
    [[ -n $new && -d $RELEASES/$new && $new != "$now" ]] || stop "there is no earlier release to go back to"
    say "Going back from $now to $new …"
    change_to "$new" "$now" rollback
    wait_until_ready no || stop "release $new did not become ready in $READY_S s; see: journalctl -u maskwatch -n 50"
    keep "$new" "$now"
    say "Release $new runs; the same command goes forth again to $now"
}

switch_network() {
    switch_file "$1" network.conf "$DROP_INS/network.conf"
    restart_changed
    say "The service's network is $1"
}

switch_coral() {
    switch_file "$1" coral.conf "$DROP_INS/coral.conf"
    switch_file "$1" coral.rules "$UDEV_RULES"
    [[ $1 == off ]] || join_group "$USER_NAME" plugdev
    udevadm control --reload 2>/dev/null || true # where there is none, nobody reads the rules either
    restart_changed
    say "The service's way to a Coral is $1; plug the stick in again, then see: maskwatch doctor"
}

# switch_file on|off NAME PLACE: the release's file of that name lies there, or nothing does.
switch_file() {
    if [[ $1 == on ]]; then
        copy_if_changed "$RELEASES/$(release_of current)/systemd/$2" "$3"
    else
        rm -f "$3"
    fi
}

restart_changed() {
    systemctl daemon-reload
    systemctl try-restart maskwatch.service
}

# The settings, the journal and the user stay, unless they are to be purged.
uninstall() {
    systemctl disable --quiet --now maskwatch.service 2>/dev/null || true # not there, or gone the last time
    rm -f "$UNITS"/maskwatch.service{,.new} "$DROP_INS"/{network,coral}.conf{,.new} "$UDEV_RULES"{,.new}
    rmdir "$DROP_INS" 2>/dev/null || true # drop-ins of the owner's own stay
    systemctl daemon-reload
    [[ $(readlink "$COMMAND") != /opt/maskwatch/* ]] || rm -f "$COMMAND"
    rm -rf "$OPT"
    if [[ $PURGE == no ]]; then
        say "Maskwatch is removed; $ETC and $STATE are kept (uninstall --purge deletes them too)"
        return
    fi
    rm -rf "$ETC" "$STATE"
    ! getent passwd "$USER_NAME" >/dev/null || userdel "$USER_NAME"
    ! getent group "$USER_NAME" >/dev/null || groupdel "$USER_NAME" # userdel leaves it where it has other members
    say "Maskwatch is removed, with its settings, journal and user"
}
