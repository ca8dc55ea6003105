"""Which HTTP function answers a request: routes in the order of the functions' names, first match wins."""

from collections.abc import Iterable
from dataclasses import dataclass

from local.functions_host.app.errors import FunctionLoadError, FunctionsHostError
from local.functions_host.app.functions import HTTP_TRIGGER, FunctionRecord
from local.functions_host.app.route_template import RouteTemplate

_RESERVED = ("admin", "runtime")


@dataclass(frozen=True)
class Route:
    """The route of one HTTP function; an empty set of methods stands for all of them."""

    function: FunctionRecord
    template: RouteTemplate
    methods: frozenset[str]

    @classmethod
    def of(cls, function: FunctionRecord, prefix: str) -> "Route":
        """The route of an HTTP function under the app's route prefix.

        Raises:
            FunctionLoadError: the route is reserved or is no valid template.
        """
        route = function.trigger.text("route").strip() or function.name
        if route.strip("/").lower().startswith(_RESERVED):
            raise FunctionLoadError(
                function.name, f"its route `{route}` conflicts with the host's own, which begin with admin or runtime"
            )
        try:
            template = RouteTemplate(f"{prefix}/{route}" if prefix else route)
        except ValueError as error:
            raise FunctionLoadError(function.name, f"its route is not valid: {error}") from error
        methods = function.trigger.properties.get("methods") or ()
        return cls(function, template, frozenset(str(method).upper() for method in methods))

    def conflicts_with(self, other: "Route") -> bool:
        """Whether both have the same route and share a method."""
        same = self.template.text.strip("/").lower() == other.template.text.strip("/").lower()
        return same and (not self.methods or not other.methods or bool(self.methods & other.methods))


@dataclass(frozen=True)
class RouteMatch:
    """The function that answers, and the route values of the request."""

    function: FunctionRecord
    values: dict[str, str]


class RouteTable:
    """All routes of the app."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: route.function.name.upper())

    def find(self, method: str, path: str) -> RouteMatch | None:
        """The first route for the decoded path that also takes the method; None is a 404."""
        for route in self._routes:
            if route.methods and method.upper() not in route.methods:
                continue
            values = route.template.match(path)
            if values is not None:
                return RouteMatch(route.function, values)
        return None


def read_routes(functions: Iterable[FunctionRecord], prefix: str, problems: list[FunctionsHostError]) -> list[Route]:
    """The routes of the HTTP functions among `functions`; what is refused is added to `problems`."""
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
            conflict = f"the route `{route.template.text}` conflicts with the route of function {taken.function.name}"
            problems.append(FunctionLoadError(function.name, conflict))
        routes.append(route)
    return routes
