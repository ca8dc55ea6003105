"""JSON Schemas of the YAML files, as they are published; made by `cli.yaml_files.published_schemas`."""

from pathlib import Path

SUFFIX = ".schema.json"


def schema_names() -> list[str]:
    """The names of all schemas."""
    return sorted(path.name.removesuffix(SUFFIX) for path in Path(__file__).parent.glob(f"*{SUFFIX}"))


def schema_text(name: str) -> str:
    """The JSON Schema of this name; the caller takes it from `schema_names`."""
    return (Path(__file__).parent / f"{name}{SUFFIX}").read_text(encoding="utf-8")
