#!/bin/sh
# Runs once inside a fresh Debian that is thrown away afterwards, and leaves in /out what the appliance is made of:
# Debian's own kernel, the two modules that Debian does not build (gpio-sim, v4l2loopback), and Python's libraries.
set -eu
SERIES=6.12
NEWER=trixie # its v4l2loopback fits this kernel
MODULES="9p 9pnet_virtio virtio_net virtio_blk virtio_rng ext4 configfs autofs4 vivid uvcvideo softdog"

export DEBIAN_FRONTEND=noninteractive
mkdir -p /out/boot /build
cd /build
apt-get -q update
apt-get -q install --yes --no-install-recommends make gcc libc6-dev kmod cpio xz-utils busybox-static

# the kernel and its headers, with none of the hooks that installing them would run
depends() {
    apt-cache depends "$1" | sed -n "s/^  Depends: \\(linux-$2.*\\)/\\1/p"
}
image=$(depends "linux-image-$SERIES-amd64" image)
release=${image#linux-image-}
headers=/usr/src/linux-headers-$release
kbuild=$(depends "linux-headers-$release" kbuild)
apt-get -q download "$image" "linux-headers-$release" "linux-headers-${release%-amd64}-common" "$kbuild" "linux-source-$SERIES"
dpkg-deb -x "$image"_*.deb image
dpkg-deb -x linux-source-*.deb source
for package in linux-headers-*.deb linux-kbuild-*.deb; do dpkg-deb -x "$package" headers; done
cp -a headers/usr/. /usr/
cp "image/boot/vmlinuz-$release" /out/boot/vmlinuz

# v4l2loopback of the newer Debian, by the same mirror
sed "s/$(. /etc/os-release && echo "$VERSION_CODENAME")/$NEWER/" /etc/apt/sources.list | grep " $NEWER main" >newer.list
apt="apt-get -q -o Dir::Etc::sourcelist=/build/newer.list -o Dir::State::lists=/build/lists"
mkdir -p lists/partial
$apt update
$apt download v4l2loopback-dkms
dpkg-deb -x v4l2loopback-dkms_*.deb loopback

# gpio-sim is in the kernel's source and in no Debian kernel; it needs irq_sim, which would be built in
mkdir pins
tar -xf "source/usr/src/linux-source-$SERIES.tar.xz" --strip-components=3 -C pins --wildcards \
    '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/gpiolib.h' '*/kernel/irq/irq_sim.c'
sed -i 's/handle_simple_irq(irq_to_desc(\(.*\)));/generic_handle_irq_safe(\1);/' pins/irq_sim.c
printf 'obj-m := gpio-sim-pins.o\ngpio-sim-pins-y := gpio-sim.o irq_sim.o\nccflags-y += -DCONFIG_IRQ_SIM=1\n' >pins/Kbuild
for folder in "$PWD/pins" "$(echo "$PWD"/loopback/usr/src/*)"; do
    make -C "$headers" M="$folder" CONFIG_DEBUG_INFO_BTF_MODULES= modules
    cp "$folder"/*.ko "image/lib/modules/$release/"
done
strip --strip-debug "image/lib/modules/$release/"*.ko
depmod -b image "$release"

# only the modules that are wanted, and those that they need
needs() {
    modprobe -d /build/image -S "$release" --show-depends --ignore-install "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
}
for module in $MODULES gpio-sim-pins v4l2loopback; do
    for file in $(needs "$module"); do
        mkdir -p "/out/modules/$(dirname "${file#/build/image/lib/modules/}")"
        cp "$file" "/out/modules/${file#/build/image/lib/modules/}"
    done
done
cp image/lib/modules/"$release"/modules.builtin* image/lib/modules/"$release"/modules.order "/out/modules/$release/"
mkdir -p tree/lib && ln -s /out/modules tree/lib/modules && depmod -b tree "$release"

# a first root that loads the disk's driver and hands over
mkdir -p first/bin first/dev first/root first/modules
cp "$(command -v busybox)" first/bin/busybox
install -m 755 /build/init first/init
for file in $(needs crc32c_generic) $(needs virtio_blk) $(needs ext4); do
    name=$(basename "$file" .xz)
    [ ! -e "first/modules/$name" ] || continue
    case $file in *.xz) xz -dc "$file" >"first/modules/$name" ;; *) cp "$file" first/modules/ ;; esac
    echo "$name" >>first/modules/order
done
(cd first && find . | cpio --quiet -o -H newc) | gzip -1 >/out/boot/initrd

# the libraries of Maskwatch, fetched by the Python that will install them; and lgpio, which Debian has not
export PIP_CERT=/build/authorities.crt # of the host, which may trust a proxy of its own
python3 -m venv /build/venv
/build/venv/bin/pip -q download --require-hashes -r /build/edge.lock -d /out/wheels
/build/venv/bin/pip -q install --no-deps --only-binary=:all: --target /out/lgpio lgpio==0.2.2.0
