"""node/gpu.sh: what a machine with GPUs installs before its node starts."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.infra.bicep_files import INFRA

pytestmark = pytest.mark.unit

PLAYED_COMMAND = """#!/bin/sh
printf '%s %s\\n' "${0##*/}" "$*" >>"$CALLED"
[ "${0##*/}" != modinfo ] || exit "$MODINFO"
[ "${0##*/}" != nvidia-ctk ] || touch "${4#--output=}"
"""
COMMANDS = ("apt-get", "wget", "gpg", "dpkg", "modprobe", "modinfo", "systemctl")


def _gpu_script(tmp_path: Path, *commands: str, modinfo: int, devices: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """What the script calls on a machine that has `commands`, its folders being the test's."""
    binaries, called = tmp_path / "bin", tmp_path / "called"
    for folder in ("bin", "etc/apt/sources.list.d", "usr/share/keyrings"):
        (tmp_path / folder).mkdir(parents=True)
    for name in commands:
        (binaries / name).write_text(PLAYED_COMMAND)
        (binaries / name).chmod(0o755)
    script = (INFRA / "node/gpu.sh").read_text("utf-8").replace("/etc/", f"{tmp_path}/etc/")
    script = script.replace("/usr/share/", f"{tmp_path}/usr/share/").replace("/sys/", f"{tmp_path}/sys/")
    for number, (vendor, kind) in enumerate(devices):
        device = tmp_path / f"sys/bus/pci/devices/{number}"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        (device / "class").write_text(f"{kind}\n")
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "CALLED": str(called), "MODINFO": str(modinfo)}
    subprocess.run(["sh", "-c", script], env=environment, check=True)
    return called.read_text().splitlines()


@pytest.mark.parametrize(("modinfo", "installs"), [(0, 0), (1, 1)])
def test_a_machine_with_a_new_kernel_gets_the_modules_for_it(tmp_path: Path, modinfo: int, installs: int) -> None:
    calls = _gpu_script(tmp_path, *COMMANDS, "nvidia-ctk", modinfo=modinfo)
    installed = [call for call in calls if call.startswith("apt-get") and " install " in call]
    assert len(installed) == installs
    assert all(f"linux-modules-nvidia-580-server-{os.uname().release}" in call for call in installed)


def test_the_engine_can_read_the_description_of_the_gpus_whoever_writes_it(tmp_path: Path) -> None:
    calls = _gpu_script(tmp_path, *COMMANDS, "nvidia-ctk", modinfo=0)
    assert any("cdi generate --feature-flag=no-additional-gids-for-device-nodes" in call for call in calls)
    kept = (tmp_path / "etc/nvidia-container-toolkit/nvidia-cdi-refresh.env").read_text()
    assert kept == "NVIDIA_CTK_CDI_GENERATE_FEATURE_FLAGS=no-additional-gids-for-device-nodes\n"


NVIDIA, SWITCH, GPU = "0x10de", "0x068000", "0x030200"


@pytest.mark.parametrize(
    ("devices", "has_manager"),
    [
        (((NVIDIA, GPU), (NVIDIA, SWITCH)), True),
        (((NVIDIA, GPU), ("0x8086", SWITCH)), False),
        (((NVIDIA, GPU),), False),
        ((), False),
    ],
)
def test_gpus_behind_switches_get_their_manager(
    tmp_path: Path, devices: tuple[tuple[str, str], ...], has_manager: bool
) -> None:
    calls = _gpu_script(tmp_path, *COMMANDS, "nvidia-ctk", modinfo=0, devices=devices)
    assert any("install --yes nvidia-fabricmanager-580" in call for call in calls) == has_manager
    assert ("systemctl enable --now nvidia-fabricmanager" in calls) == has_manager
