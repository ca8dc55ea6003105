"""The scorer's Dockerfile, read as its instructions."""

import re
from dataclasses import dataclass, field

from tests.unit.infra.bicep_files import REPOSITORY

DOCKERFILE = REPOSITORY / "scorer_container/Dockerfile"


@dataclass
class Stage:
    """One `FROM` and what follows."""

    image: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [arguments for name, arguments in self.steps if name == instruction]

    def one(self, instruction: str) -> str:
        (arguments,) = self.all(instruction)
        return arguments


def stages() -> list[Stage]:
    """The stages in order, the final one last."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            instruction, arguments = line.split(None, 1)
            if instruction == "FROM":
                image, _, name = arguments.partition(" AS ")
                found.append(Stage(image, name))
            else:
                found[-1].steps.append((instruction, arguments))
    return found
