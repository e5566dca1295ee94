#!/bin/sh
# A GPIO chip as on a Pi 4, through the kernel's gpio-sim; `cpuinfo` then names that board.
set -eu
modprobe gpio-sim-pins
chip=/sys/kernel/config/gpio-sim/pi
mkdir -p "$chip/bank"
echo 28 >"$chip/bank/num_lines"
echo pinctrl-bcm2711 >"$chip/bank/label"
echo 1 >"$chip/live"
mount --bind /usr/local/lib/appliance/cpuinfo /proc/cpuinfo
