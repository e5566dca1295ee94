#!/bin/sh
# Runs once inside a fresh Debian 13, before it is ever booted: a simulated camera, picamera2, Maskwatch's libraries, and
# what a Raspberry Pi has and Debian has not. /build holds the lock files, authorities.crt and the public key for ssh.
set -eu
HERE=/usr/local/lib/appliance
export DEBIAN_FRONTEND=noninteractive HOME=/root
export PIP_CERT=/build/authorities.crt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1
cd /build

# vimc is in the kernel's source and in no Debian kernel. Two changes: its debayering gives bytes R, G, B, where a Pi's
# cameras are asked for B, G, R; and a switch lets it give no frames, as a sensor does whose cable has come loose.
release=$(basename /usr/lib/modules/*)
series=$(echo "$release" | cut -d. -f1-2)
apt-get -q download "linux-source-$series"
dpkg-deb -x linux-source-*.deb source
mkdir vimc
tar -xf "source/usr/src/linux-source-$series.tar.xz" --strip-components=5 -C vimc --wildcards \
    '*/drivers/media/test-drivers/vimc/*'
sed -i 's/\(SOURCE_MBUS_FMT\tMEDIA_BUS_FMT\)_RGB888_1X24/\1_BGR888_1X24/' vimc/vimc-debayer.c
sed -i 's/\(\.code = MEDIA_BUS_FMT\)_RGB888_1X24/\1_BGR888_1X24/' vimc/vimc-scaler.c
sed -i -e 's/^static int vimc_streamer_thread/static bool silent;\nmodule_param(silent, bool, 0644);\n\n&/' \
    -e 's/for (i = stream->pipe_size - 1; i >= 0; i--) {$/for (i = silent ? -1 : stream->pipe_size - 1; i >= 0; i--) {/' \
    vimc/vimc-streamer.c
# a kernel whose source looks otherwise stops this here
grep -q 'MBUS_FMT[[:space:]]MEDIA_BUS_FMT_BGR888_1X24' vimc/vimc-debayer.c
grep -q 'code = MEDIA_BUS_FMT_BGR888_1X24' vimc/vimc-scaler.c
grep -q 'i = silent ?' vimc/vimc-streamer.c
make -C "/usr/src/linux-headers-$release" M=/build/vimc CONFIG_VIDEO_VIMC=m CONFIG_DEBUG_INFO_BTF_MODULES= modules
strip --strip-debug vimc/vimc.ko
cp vimc/vimc.ko "/usr/lib/modules/$release/"
depmod "$release"

# picamera2 among the system's own packages, as apt puts it on a Pi; the others as setup.sh does
python3 -m venv --system-site-packages /opt/venv
packages=$(python3 -c 'import sys; print("/usr/local/lib/python%d.%d/dist-packages" % sys.version_info[:2])')
/opt/venv/bin/pip -q install --no-deps --target "$packages" --requirement "$HERE/picamera2.txt"
cp "$HERE/pykms.py" "$packages/"
/opt/venv/bin/pip -q install --require-hashes --requirement edge.lock
grep -oE '^[A-Za-z0-9._-]+==[^ ;]+' dev.lock >versions
/opt/venv/bin/pip -q install --constraint versions pytest hypothesis

# the camera and its memory belong to the group that they belong to on a Pi
useradd --system --user-group --no-create-home --home-dir /var/lib/maskwatch --shell /usr/sbin/nologin --groups video \
    maskwatch
printf 'SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660"\n' >/etc/udev/rules.d/60-dma-heap.rules
printf 'L /dev/dma_heap/linux,cma - - - - system\n' >/etc/tmpfiles.d/dma-heap.conf

# the emulator's disk, its network, so that ssh can come in, and a folder of the host
echo maskwatch-trixie >/etc/hostname
printf '127.0.0.1 localhost maskwatch-trixie\n' >/etc/hosts
: >/etc/machine-id
mkdir -p /mnt/host /root/.ssh
printf '/dev/vda / ext4 noatime 0 1\nhost /mnt/host 9p ro,trans=virtio,version=9p2000.L,msize=262144,nofail 0 0\n' >/etc/fstab
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' >/etc/systemd/network/host.network
cp key.pub /root/.ssh/authorized_keys
systemctl enable systemd-networkd.service ssh.service
ssh-keygen -A
printf 'MODULES=list\nFSTYPE=ext4\n' >/etc/initramfs-tools/conf.d/appliance
printf 'ROOT=/dev/vda\n' >/etc/initramfs-tools/conf.d/root
printf 'virtio_pci\nvirtio_blk\next4\n' >/etc/initramfs-tools/modules
update-initramfs -u -k "$release"
# nothing here needs these, and under emulation each costs a second of the boot
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_reap.service \
    systemd-networkd-wait-online.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    proc-sys-fs-binfmt_misc.mount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    systemd-pstore.service getty@tty1.service
cd /
rm -rf /build
