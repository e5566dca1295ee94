#!/bin/sh
# Runs once inside the new system, before it is ever booted: what a Raspberry Pi has and Debian has not.
set -eu
cd /usr/local/lib/appliance

echo maskwatch-test >/etc/hostname
printf '127.0.0.1 localhost maskwatch-test\n' >/etc/hosts
printf '/dev/vda / ext4 noatime,errors=remount-ro 0 1\nhost /mnt/host 9p ro,trans=virtio,version=9p2000.L,msize=262144,nofail 0 0\n' >/etc/fstab
mkdir -p /mnt/host
: >/etc/machine-id

# the network of QEMU, so that ssh can come in
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' >/etc/systemd/network/host.network
systemctl enable systemd-networkd.service ssh.service
ssh-keygen -A

# pins and cameras belong to the groups that they belong to on a Pi
groupadd --system --force gpio
printf 'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"\n' >/etc/udev/rules.d/60-gpio.rules
printf 'v4l2loopback\n' >/etc/modules-load.d/appliance.conf
printf 'options v4l2loopback video_nr=0 exclusive_caps=1 card_label=door\noptions vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0 vid_cap_nr=8\n' \
    >/etc/modprobe.d/appliance.conf

# an administrator who is not root
useradd --create-home --shell /bin/bash --groups sudo ada
printf 'ada ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/ada
mkdir -p /home/ada/.ssh
cp /root/.ssh/authorized_keys /home/ada/.ssh/
chown -R ada:ada /home/ada/.ssh

mkdir -p /etc/systemd/system/maskwatch.service.d /etc/systemd/journald.conf.d
cp appliance-pins.service appliance-feed.service appliance-watch.service /etc/systemd/system/
cp board.conf /etc/systemd/system/maskwatch.service.d/board.conf
printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n' >/etc/systemd/journald.conf.d/appliance.conf
systemctl enable appliance-pins.service appliance-feed.service appliance-watch.service
# nothing here needs these, and under emulation each costs a second of the boot
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_reap.service \
    systemd-networkd-wait-online.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    proc-sys-fs-binfmt_misc.mount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    systemd-update-utmp.service systemd-pstore.service getty@tty1.service
