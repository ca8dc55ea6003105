#!/bin/sh
# On machines with NVIDIA GPUs, before the node starts: the driver that Canonical has signed, as secure boot takes no
# other, and the description (CDI) by which podman hands GPUs to containers. Without them there is no node.
set -eu
branch=580-server
repository=https://nvidia.github.io/libnvidia-container
keys=/usr/share/keyrings/nvidia-container-toolkit.gpg

install() {
  DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=600 install --yes "$@"
}

if ! command -v nvidia-ctk > /dev/null; then
  install "linux-modules-nvidia-$branch-$(uname -r)" "nvidia-headless-no-dkms-$branch" "nvidia-utils-$branch"
  wget --quiet --output-document=- "$repository/gpgkey" | gpg --dearmor --yes --output "$keys"
  echo "deb [signed-by=$keys] $repository/stable/deb/$(dpkg --print-architecture) /" \
    > /etc/apt/sources.list.d/nvidia-container-toolkit.list
  apt-get update
  install nvidia-container-toolkit-base
fi
modprobe --all nvidia nvidia-uvm
mkdir -p /etc/cdi
nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml
chmod 644 /etc/cdi/nvidia.yaml
