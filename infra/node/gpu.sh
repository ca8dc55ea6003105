#!/bin/sh
# On machines with NVIDIA GPUs: the driver that Canonical has signed, as secure boot takes no other, and the description
# (CDI) by which podman hands GPUs to containers.
set -eu
branch=580-server
export DEBIAN_FRONTEND=noninteractive

apt-get install --yes "linux-modules-nvidia-$branch-$(uname -r)" "nvidia-headless-no-dkms-$branch" "nvidia-utils-$branch"
modprobe nvidia
modprobe nvidia-uvm

repository=https://nvidia.github.io/libnvidia-container
keys=/usr/share/keyrings/nvidia-container-toolkit.gpg
wget --quiet --output-document=- "$repository/gpgkey" | gpg --dearmor --yes --output "$keys"
echo "deb [signed-by=$keys] $repository/stable/deb/$(dpkg --print-architecture) /" \
  > /etc/apt/sources.list.d/nvidia-container-toolkit.list
apt-get update
apt-get install --yes nvidia-container-toolkit-base
mkdir -p /etc/cdi
nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml
chmod 644 /etc/cdi/nvidia.yaml
