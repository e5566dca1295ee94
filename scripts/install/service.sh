# The service: its unit, and the change from one release to another with a way back.
# shellcheck shell=bash

READY_S=${MASKWATCH_READY_S:-120} # a Pi 3B+ needs a good part of TimeoutStartSec

# The file TRIAL says "upgrade NEW OLD" or "rollback NEW OLD" from before the change until NEW is known to work, so
# that a cut in between is noticed. OLD is "-" where there is none that one would want to go back to.
trial_word() {
    [[ ! -e $TRIAL ]] || cut -d ' ' -f "$1" "$TRIAL"
}

# last_proven: the release to go back to: `current`, unless that one is still on trial.
last_proven() {
    local now
    now=$(release_of current)
    if [[ $(trial_word 1) == upgrade && $(trial_word 2) == "$now" ]]; then
        now=$(trial_word 3)
    fi
    printf '%s' "${now:--}"
}

# change_to NEW OLD KIND: NEW's unit and NEW are in force, and started.
change_to() {
    printf '%s %s %s\n' "$3" "$1" "$2" | write_whole "$TRIAL"
    put_unit "$1"
    point "$OPT/current" "releases/$1"
    point "$COMMAND" /opt/maskwatch/current/venv/bin/maskwatch
    systemctl enable --quiet maskwatch.service
    systemctl reset-failed maskwatch.service 2>/dev/null || true # the old release's failures do not count
    systemctl stop maskwatch.service # first, so that "active" can only mean the release that is started now
    systemctl start --no-block maskwatch.service
}

# put_unit RELEASE: its unit, and its drop-ins where they are on.
put_unit() {
    copy_if_changed "$RELEASES/$1/systemd/maskwatch.service" "$UNITS/maskwatch.service"
    local name
    for name in network.conf coral.conf; do
        [[ ! -e $DROP_INS/$name || ! -e $RELEASES/$1/systemd/$name ]] || # an older release may lack it
            copy_if_changed "$RELEASES/$1/systemd/$name" "$DROP_INS/$name"
    done
    systemctl daemon-reload
}

# wait_until_ready DECIDED: the service says that it is ready, and with DECIDED=yes that it has decided a frame.
wait_until_ready() {
    local waited_s
    for ((waited_s = 0; waited_s < READY_S; waited_s++)); do
        if systemctl is-active --quiet maskwatch.service && { [[ $1 == no ]] || has_decided; }; then
            return 0
        fi
        sleep 1
    done
    return 1
}

# has_decided: the running daemon has decided a frame, and not long ago.
has_decided() {
    local said
    said=$("$OPT/current/venv/bin/maskwatch" status --json 2>/dev/null) || return 1
    [[ $said =~ '"frames": '[1-9] && $said != *'"state": "blind"'* ]]
}

# keep NEW OLD: the trial is over.
keep() {
    [[ $2 == - || $2 == "$1" ]] || point "$OPT/previous" "releases/$2"
    rm -f "$TRIAL"
    prune_releases
}

# try_release NEW: changes to NEW, waits, and goes back when it does not become ready.
try_release() {
    local new=$1 old decided=no
    old=$(last_proven)
    [[ $old == - ]] || ! has_decided || decided=yes
    say "Starting release $new and waiting up to $READY_S s for it …"
    change_to "$new" "$old" upgrade
    if wait_until_ready "$decided"; then
        keep "$new" "$old"
        say "Release $new runs"
        return
    fi
    [[ $old != - && $old != "$new" ]] || stop "the service did not become ready in $READY_S s; see: journalctl -u maskwatch -n 50"
    go_back "$new" "$old"
}

# go_back BAD OLD
go_back() {
    say "Release $1 did not become ready in $READY_S s; going back to $2 …"
    change_to "$2" - rollback
    wait_until_ready no || stop "release $2 did not become ready either; see: journalctl -u maskwatch -n 50"
    rm -f "$TRIAL"
    prune_releases
    stop "release $2 runs again; why $1 did not: journalctl -u maskwatch -n 100"
}
