# What must be so before anything is changed.
# shellcheck shell=bash

NEED_MB=700 # a release takes about half of it; the other half is for unpacking

check_root() {
    [[ $(id -u) == 0 ]] || stop "this needs the rights of root; run: sudo ${PYTHON:+PYTHON=$PYTHON }./setup.sh $*"
}

# One installer at a time. The lock is gone with its process, whatever ends it.
take_turn() {
    mkdir -p "$ROOT/run"
    exec 9>"$ROOT/run/maskwatch-install.lock"
    flock -n 9 || stop "another ./setup.sh is at work; wait until it has ended, then try again"
}

check_system() {
    [[ $(uname -s) == Linux ]] || stop "this is $(uname -s); Maskwatch installs on Linux: Raspberry Pi OS, Debian or Ubuntu"
    case $(uname -m) in
        aarch64 | x86_64) ;;
        *) stop "this system is $(uname -m), and the models need 64 bits; write the 64-bit Raspberry Pi OS to the card" ;;
    esac
    command -v systemctl >/dev/null || stop "there is no systemd here; without it, start Maskwatch with ./setup.sh run"
    local name
    name=$(os_value PRETTY_NAME)
    case " $(os_value ID) $(os_value ID_LIKE) " in
        *" debian "* | *" raspbian "* | *" ubuntu "*) say "This is ${name:-Debian} on $(uname -m)" ;;
        *) say "${name:-This system} is none that Maskwatch was tried on; going on" ;;
    esac
}

# os_value KEY: its value in /etc/os-release, without quotes.
os_value() {
    sed -n "s/^$1=\"\\?\\([^\"]*\\)\"\\?\$/\\1/p" "$ROOT/etc/os-release" 2>/dev/null || true
}

check_disk() {
    local free_mb
    mkdir -p "$RELEASES"
    free_mb=$(df --output=avail -BM "$RELEASES" | tail -n 1 | tr -dc 0-9)
    [[ $free_mb -ge $NEED_MB ]] ||
        stop "only $free_mb MB are free in $RELEASES, a release needs $NEED_MB; try: sudo apt-get clean"
}
