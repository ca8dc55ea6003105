"""ASP.NET route templates: `jobs/{id:int}/{part?}/{*rest}`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_PARAMETER = re.compile(r"\{((?:[^{}]|\{\{|\}\})*)\}")
_PARAMETER_TEXT = re.compile(r"(?P<catch_all>\*{0,2})(?P<name>[^:=?*/{}]+)(?P<rest>.*)", re.DOTALL)
_CONSTRAINT = re.compile(r":(?P<name>\w+)(?:\((?P<arguments>.*?)\)(?=[:=?]|$))?", re.DOTALL)


@dataclass(frozen=True)
class Parameter:
    """One `{...}` of a template."""

    name: str
    catch_all: bool
    optional: bool
    default: str | None
    constraints: "tuple[Constraint, ...]"

    def accepts(self, value: str) -> bool:
        """Whether all constraints hold for `value`."""
        return all(check(value) for check in self.constraints)


Segment = tuple[str | Parameter, ...]


class RouteTemplate:
    """A parsed template.

    Raises:
        ValueError: the template has a form that ASP.NET refuses, or a constraint that is not supported.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        trimmed = text.removeprefix("~").removeprefix("/")
        self._segments = [_parse_segment(part) for part in _split(trimmed)] if trimmed else []
        _check(text, self._segments)

    def match(self, path: str) -> dict[str, str] | None:
        """The route values of a decoded request path, or None when it does not match.

        Optional parameters that the path lacks are left out; literals ignore case.
        """
        remaining = path.removeprefix("/")
        values: dict[str, str] = {}
        for position, segment in enumerate(self._segments):
            if not remaining:
                return self._fill(values, position)
            parameter = segment[0]
            if isinstance(parameter, Parameter) and parameter.catch_all:
                return _store(values, parameter, remaining)
            token, _, remaining = remaining.partition("/")
            if not _match_segment(segment, token, values):
                return None
        return None if remaining else values

    def _fill(self, values: dict[str, str], position: int) -> dict[str, str] | None:
        for segment in self._segments[position:]:
            parameter = segment[0]
            if isinstance(parameter, str) or len(segment) > 1:
                return None
            if parameter.default is not None:
                values[parameter.name] = parameter.default
            elif not (parameter.optional or parameter.catch_all):
                return None
        return values


def _match_segment(segment: Segment, token: str, values: dict[str, str]) -> bool:
    only = segment[0]
    if len(segment) == 1 and isinstance(only, str):
        return only.lower() == token.lower()
    if len(segment) == 1 and isinstance(only, Parameter):
        return token != "" and _store(values, only, token) is not None
    return any(_match_parts(parts, token, values) for parts in _readings(segment))


def _readings(segment: Segment) -> Iterator[Segment]:
    """The segment itself and, for `{name}.{extension?}`, the segment without dot and extension."""
    yield segment
    last, before = segment[-1], segment[-2]
    if isinstance(last, Parameter) and last.optional and isinstance(before, str):
        stem = before.removesuffix(".")
        yield (*segment[:-2], stem) if stem else segment[:-2]


def _match_parts(parts: Segment, token: str, values: dict[str, str]) -> bool:
    pattern = "".join("(.+)" if isinstance(part, Parameter) else re.escape(part) for part in parts)
    match = re.fullmatch(pattern, token, re.IGNORECASE)
    parameters = [part for part in parts if isinstance(part, Parameter)]
    return match is not None and all(
        _store(values, parameter, value) is not None
        for parameter, value in zip(parameters, match.groups(), strict=True)
    )


def _store(values: dict[str, str], parameter: Parameter, value: str) -> dict[str, str] | None:
    if not parameter.accepts(value):
        return None
    values[parameter.name] = value
    return values


def _split(text: str) -> list[str]:
    segments, depth = [""], 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            segments.append("")
        else:
            segments[-1] += character
    return segments


def _parse_segment(text: str) -> Segment:
    parts: list[str | Parameter] = []
    position = 0
    while position < len(text):
        if text.startswith(("{{", "}}"), position):
            literal, position = text[position], position + 2
        elif text[position] == "{":
            match = _PARAMETER.match(text, position)
            if match is None:
                raise ValueError(f"the braces of `{text}` do not match")
            parts.append(_parse_parameter(match[1]))
            position = match.end()
            continue
        elif text[position] == "}":
            raise ValueError(f"the braces of `{text}` do not match")
        else:
            literal, position = text[position], position + 1
        if parts and isinstance(parts[-1], str):
            parts[-1] += literal
        else:
            parts.append(literal)
    return tuple(parts)


def _parse_parameter(text: str) -> Parameter:
    match = _PARAMETER_TEXT.fullmatch(text.replace("{{", "{").replace("}}", "}"))
    if match is None:
        raise ValueError(f"route parameter `{{{text}}}` has no valid name")
    rest = match["rest"]
    constraints: list[Constraint] = []
    while found := _CONSTRAINT.match(rest):
        constraints.append(constraint(found["name"], found["arguments"]))
        rest = rest[found.end() :]
    optional = rest.endswith("?")
    default = rest.removesuffix("?")
    if default and not default.startswith("="):
        raise ValueError(f"route parameter `{{{text}}}` cannot be read after its name")
    if optional and (default or match["catch_all"]):
        raise ValueError(f"route parameter `{{{text}}}` cannot be optional and also catch-all or have a default")
    return Parameter(match["name"], bool(match["catch_all"]), optional, default[1:] or None, tuple(constraints))


def _check(text: str, segments: list[Segment]) -> None:
    if any(not segment for segment in segments[:-1]):
        raise ValueError(f"`{text}`: the separator '/' cannot appear consecutively")
    if segments and not segments[-1]:
        segments.pop()  # one trailing slash is allowed
    names: set[str] = set()
    for position, segment in enumerate(segments):
        for place, part in enumerate(segment):
            if isinstance(part, str):
                continue
            if part.name.lower() in names:
                raise ValueError(f"`{text}`: the parameter `{part.name}` appears twice")
            names.add(part.name.lower())
            _check_place(text, part, segment, place, last=position == len(segments) - 1)


def _check_place(text: str, part: Parameter, segment: Segment, place: int, *, last: bool) -> None:
    if part.catch_all and (not last or len(segment) > 1):
        raise ValueError(f"`{text}`: a catch-all parameter must be the last segment and stand alone in it")
    before = segment[place - 1] if place else None
    follows_parameter = isinstance(before, Parameter)
    if follows_parameter:
        raise ValueError(f"`{text}`: two parameters need a literal between them")
    if part.optional and len(segment) > 1 and not (place == len(segment) - 1 and before == "."):
        raise ValueError(f"`{text}`: an optional parameter must follow a single '.' at the end of its segment")
    if part.optional and len(segment) == 1 and not last:
        raise ValueError(f"`{text}`: an optional parameter must be at the end")


Constraint = Callable[[str], bool]

_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_DECIMAL = re.compile(r"\s*[+-]?(\d[\d,]*)?\.?\d*\s*")
_DOUBLE = re.compile(r"\s*[+-]?((\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?|infinity|nan)\s*", re.IGNORECASE)
_HEX = "[0-9a-f]"
_GUID_D = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_GUID = re.compile(rf"{_HEX}{{32}}|{_GUID_D}|\{{{_GUID_D}\}}|\({_GUID_D}\)", re.IGNORECASE)


def constraint(name: str, arguments: str | None) -> Constraint:
    """The test that `{parameter:name(arguments)}` stands for.

    Raises:
        ValueError: the constraint is unknown, or its arguments have the wrong form.
    """
    if arguments is None and name in _PLAIN:
        return _PLAIN[name]
    if arguments is not None and name == "regex":
        pattern = re.compile(arguments, re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    if arguments is not None and name in _WITH_NUMBERS:
        try:
            return _WITH_NUMBERS[name](*(int(number) for number in arguments.split(",")))
        except (TypeError, ValueError):
            raise ValueError(f"constraint `{name}({arguments})` has the wrong arguments") from None
    written = name if arguments is None else f"{name}({arguments})"
    known = ", ".join(sorted([*_PLAIN, *(f"{key}()" for key in _WITH_NUMBERS), "regex()"]))
    raise ValueError(f"route constraint `{written}` is not supported; use one of {known}")


def _whole_number(limits: tuple[int, int]) -> Constraint:
    def check(value: str) -> bool:
        return re.fullmatch(r"\s*[+-]?\d+\s*", value, re.ASCII) is not None and limits[0] <= int(value) <= limits[1]

    return check


def _length(low: int, high: int | None = None) -> Constraint:
    highest = low if high is None else high
    return lambda value: low <= len(value) <= highest


def _range(low: int, high: int) -> Constraint:
    is_long = _whole_number(_INT64)
    return lambda value: is_long(value) and low <= int(value) <= high


_PLAIN: dict[str, Constraint] = {
    "int": _whole_number(_INT32),
    "long": _whole_number(_INT64),
    "bool": lambda value: value.strip().lower() in {"true", "false"},
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None and any(map(str.isdigit, value)),
    "double": lambda value: _DOUBLE.fullmatch(value) is not None,
    "float": lambda value: _DOUBLE.fullmatch(value) is not None,
    "guid": lambda value: _GUID.fullmatch(value) is not None,
    "alpha": lambda value: re.fullmatch("[a-zA-Z]*", value) is not None,
    "required": lambda value: value != "",
}
_WITH_NUMBERS: dict[str, Callable[..., Constraint]] = {
    "minlength": lambda low: lambda value: len(value) >= low,
    "maxlength": lambda high: lambda value: len(value) <= high,
    "length": _length,
    "min": lambda low: _range(low, _INT64[1]),
    "max": lambda high: _range(_INT64[0], high),
    "range": _range,
}
