"""Options that take several `key=value` at once, as in az: `--set a=1 b=2` is `--set a=1 --set b=2`."""

from collections.abc import Iterable, Iterator

SPREAD = frozenset({"--set", "--tags", "--environment-variables", "--defaults"})


def spread(arguments: Iterable[str]) -> list[str]:
    """The arguments, with the option in front of each of its values."""
    return list(_spread(iter(arguments)))


def _spread(arguments: Iterator[str]) -> Iterator[str]:
    option, first = "", False
    for argument in arguments:
        if argument == "--":
            yield argument
            yield from arguments
            return
        if argument.startswith("-"):
            option = argument
        elif option in SPREAD and not first and "=" in argument:
            yield option
        first = argument.startswith("-")
        yield argument
