"""The command lines of podman, run without root rights."""

from dataclasses import dataclass
from pathlib import Path

from scorer_container.agent.requests import OWN_IMAGE, Request

LABEL = "batch-scoring"
COMMANDS_FD, ANSWERS_FD = 3, 4
"""Where a container finds the pipes: `--preserve-fds` passes on the descriptors that follow standard error."""

_CONFINED = (
    "--pull=never",  # an image is pulled by a request of its own, whose failure is told as such
    "--no-healthcheck",  # an image's own tells of its service, which does not run here; the node watches its processes
    "--init",  # the driver is no process 1, which would survive signals and leave its dead children lying about
    "--userns=keep-id",  # files in the mounted folders belong to the same user inside and outside
    "--cgroups=disabled",  # containers stay in the agent's own control group: its limits hold and its end ends them
    "--log-driver=none",  # what is printed goes to the node's pipes
    "--read-only",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--http-proxy=false",
    "--shm-size=1g",
    "--entrypoint=",
)
_WITH_PATH = 'PATH="$0:$PATH" exec "$@"'


@dataclass(frozen=True)
class Engine:
    """Makes the command line of each request."""

    executable: str
    own_image: str
    tools: Path
    """Holds `scorer_container/driver` and `uv` (export.py)."""
    network: str = "none"
    """The network of scoring containers; `none` also keeps the machine's identity from them."""
    devices: tuple[str, ...] = ()
    """Devices that scoring containers get, e.g. `nvidia.com/gpu=all`."""

    def command(self, request: Request, name: str) -> list[str]:
        """Return the command line for `request`; the container gets the name `name`."""
        if request.kind == "pull":
            return [self.executable, "pull", "--quiet", self._image(request)]
        make = self._score if request.kind == "score" else self._install
        return [self.executable, "run", "--rm", f"--name={name}", f"--label={LABEL}", *_CONFINED, *make(request)]

    def removal(self, name: str) -> list[str]:
        """Return the command line that kills and removes the container `name`, if there is one."""
        return [self.executable, "rm", "--force", "--ignore", "--time=0", name]

    def removal_of_all(self) -> list[str]:
        """Return the command line that kills and removes the containers of an earlier agent."""
        return [self.executable, "rm", "--force", "--ignore", "--time=0", f"--filter=label={LABEL}"]

    def _score(self, request: Request) -> list[str]:
        driver = self.tools / "scorer_container" / "driver"
        pipes = {"BATCH_COMMANDS_FD": str(COMMANDS_FD), "BATCH_ANSWERS_FD": str(ANSWERS_FD)}
        (interpreter,) = request.command or ("",)
        program = [interpreter or "python", "-u", str(driver / "main.py")]
        if interpreter:  # programs of its environment are found first, those of the image after them
            program = ["sh", "-c", _WITH_PATH, str(Path(interpreter).parent), *program]
        return [
            f"--network={self.network}",
            "--preserve-fds=2",
            *(f"--device={device}" for device in self.devices),
            f"--volume={driver}:{driver}:ro",
            *_mounts(request),
            *_variables(request.environment | pipes),
            self._image(request),
            *program,
        ]

    def _install(self, request: Request) -> list[str]:
        """Return the command line that runs uv. Of the image it needs only glibc and libgcc, as numpy's wheels do."""
        uv = self.tools / "uv"
        return [
            f"--volume={uv}:{uv}:ro",
            *_mounts(request),
            *_variables(request.environment),
            self._image(request),
            str(uv),
            *request.command,
        ]

    def _image(self, request: Request) -> str:
        return self.own_image if request.image == OWN_IMAGE else request.image


def _mounts(request: Request) -> list[str]:
    mounts = [f"--volume={path}:{path}:ro" for path in request.read_only]
    mounts += [f"--volume={path}:{path}:rw" for path in request.writable]
    if request.working_folder:
        mounts.append(f"--workdir={request.working_folder}")
    return mounts


def _variables(environment: dict[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in environment.items()]
