#!/bin/sh
# On machines with NVIDIA GPUs, before the node starts: the driver that Canonical has signed, as secure boot takes no
# other, and the description (CDI) by which podman hands GPUs to containers. Without them there is no node.
set -eu
branch=580-server
repository=https://nvidia.github.io/libnvidia-container
keys=/usr/share/keyrings/nvidia-container-toolkit.gpg
features=no-additional-gids-for-device-nodes

install() {
  # A file in /etc that was changed, as below, stays: a question would get no answer here.
  DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=600 \
    --option DPkg::Options::=--force-confold install --yes "$@"
}

# The modules are those of one kernel, and a machine may come up with a newer one.
if ! command -v nvidia-ctk > /dev/null || ! modinfo nvidia > /dev/null 2>&1; then
  wget --quiet --output-document=- "$repository/gpgkey" | gpg --dearmor --yes --output "$keys"
  echo "deb [signed-by=$keys] $repository/stable/deb/$(dpkg --print-architecture) /" \
    > /etc/apt/sources.list.d/nvidia-container-toolkit.list
  apt-get update
  install "linux-modules-nvidia-$branch-$(uname -r)" "nvidia-headless-no-dkms-$branch" "nvidia-utils-$branch" \
    nvidia-container-toolkit-base
fi
# Ubuntu 24.04's podman 4.9 cannot read a description with groups, which the toolkit writes from 1.19.1 on
# (NVIDIA/nvidia-container-toolkit#1860); its own service, which renews the description, reads the flag from the file.
mkdir -p /etc/nvidia-container-toolkit
echo "NVIDIA_CTK_CDI_GENERATE_FEATURE_FLAGS=$features" > /etc/nvidia-container-toolkit/nvidia-cdi-refresh.env
modprobe --all nvidia nvidia-uvm
# GPUs behind NVSwitches compute only under their manager. A switch is a bridge (class 0680) of NVIDIA (10de).
switches=
for device in /sys/bus/pci/devices/*; do
  if grep --quiet --no-messages 0x10de "$device/vendor" && grep --quiet --no-messages ^0x0680 "$device/class"; then
    switches=found
  fi
done
if [ -n "$switches" ]; then
  command -v nv-fabricmanager > /dev/null || install nvidia-fabricmanager-580
  systemctl enable --now nvidia-fabricmanager
fi
mkdir -p /etc/cdi
nvidia-ctk cdi generate --feature-flag="$features" --output=/etc/cdi/nvidia.yaml
chmod 644 /etc/cdi/nvidia.yaml
