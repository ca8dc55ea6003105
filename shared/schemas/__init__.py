"""The published JSON Schemas of the YAML files. `cli.yaml_files.published_schemas` writes them."""

from pathlib import Path

SUFFIX = ".schema.json"


def schema_names() -> list[str]:
    """The names of all schemas."""
    return sorted(path.name.removesuffix(SUFFIX) for path in Path(__file__).parent.glob(f"*{SUFFIX}"))


def schema_text(name: str) -> str:
    """Return the JSON Schema with this name, which must be one of `schema_names`."""
    return (Path(__file__).parent / f"{name}{SUFFIX}").read_text(encoding="utf-8")
