"""The routes of the HTTP functions, in the order of the functions' names. The first one that matches answers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from local.functions_host.app.errors import FunctionLoadError, FunctionsHostError
from local.functions_host.app.functions import HTTP_TRIGGER, FunctionRecord

_RESERVED = ("admin", "runtime")
_TEMPLATE = re.compile(r"(?P<literals>(?:[\w.~-]+(?:/|$))*)(?:\{\*(?P<rest>\w+)\})?")


@dataclass(frozen=True)
class Route:
    """The route of one HTTP function: literal segments, and the rest of the path if the route has a catch-all.

    Attributes:
        literals: the segments that a path begins with, in lower case.
        rest: name of the catch-all `{*name}`; empty if the route has none.
        methods: the methods that the function takes; an empty set stands for all of them.
    """

    function: FunctionRecord
    literals: tuple[str, ...]
    rest: str
    methods: frozenset[str]

    @classmethod
    def of(cls, function: FunctionRecord, prefix: str) -> "Route":
        """Read the route of an HTTP function under the app's route prefix.

        Raises:
            FunctionLoadError: the route is reserved or has a form that the local host does not support.
        """
        route = function.trigger.text("route").strip() or function.name
        if route.strip("/").lower().startswith(_RESERVED):
            raise FunctionLoadError(
                function.name, f"its route `{route}` conflicts with the host's own, which begin with admin or runtime"
            )
        match = _TEMPLATE.fullmatch((f"{prefix}/{route}" if prefix else route).removeprefix("/"))
        if match is None:
            raise FunctionLoadError(
                function.name,
                f"its route `{route}` is not supported by the local host; "
                "write literal segments, and at most a last segment `{*name}`",
            )
        literals = tuple(segment for segment in match["literals"].lower().split("/") if segment)
        methods = function.trigger.properties.get("methods") or ()
        return cls(function, literals, match["rest"] or "", frozenset(str(method).upper() for method in methods))

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route values of a decoded request path, or None if the path does not match.

        Literals ignore case. A catch-all that matches nothing is left out of the values.
        """
        remaining = path.removeprefix("/")
        for literal in self.literals:
            segment, _, remaining = remaining.partition("/")
            if segment.lower() != literal:
                return None
        if not remaining:
            return {}
        return {self.rest: remaining} if self.rest else None

    def conflicts_with(self, other: "Route") -> bool:
        """Return True if both have the same route and share a method."""
        same = (self.literals, bool(self.rest)) == (other.literals, bool(other.rest))
        return same and (not self.methods or not other.methods or bool(self.methods & other.methods))


@dataclass(frozen=True)
class RouteMatch:
    """The function that answers, and the route values of the request."""

    function: FunctionRecord
    values: dict[str, str]


class RouteTable:
    """All routes of the app, in their order."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: route.function.name.upper())

    def find(self, method: str, path: str) -> RouteMatch | None:
        """Return the first route that matches the decoded path and method. None means 404."""
        for route in self._routes:
            if route.methods and method.upper() not in route.methods:
                continue
            values = route.match(path)
            if values is not None:
                return RouteMatch(route.function, values)
        return None


def read_routes(functions: Iterable[FunctionRecord], prefix: str, problems: list[FunctionsHostError]) -> list[Route]:
    """Read the routes of the HTTP functions among `functions`, and append each refusal to `problems`."""
    routes: list[Route] = []
    for function in functions:
        if function.trigger.type != HTTP_TRIGGER:
            continue
        try:
            route = Route.of(function, prefix)
        except FunctionLoadError as problem:
            problems.append(problem)
            continue
        if taken := next((other for other in routes if route.conflicts_with(other)), None):
            path = "/".join([*route.literals, *(["{*" + route.rest + "}"] if route.rest else [])])
            conflict = f"the route `{path}` conflicts with the route of function {taken.function.name}"
            problems.append(FunctionLoadError(function.name, conflict))
        routes.append(route)
    return routes
