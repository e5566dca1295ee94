#!/bin/sh
# Runs inside Debian 13 whenever a checkout was put there: the service as it is installed, on the simulated camera.
set -eu
cd /usr/local/lib/appliance
mkdir -p /etc/maskwatch /etc/systemd/system/maskwatch.service.d
cp picamera.yaml /etc/maskwatch/config.yaml
cp picamera.conf /etc/systemd/system/maskwatch.service.d/
chown -R root:maskwatch /etc/maskwatch
chmod 2775 /etc/maskwatch
