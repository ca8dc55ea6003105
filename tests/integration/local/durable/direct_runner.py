"""Runs the functions of a durable app without a host, with the SDK's own converters."""

import asyncio
import inspect
import traceback
from collections import Counter

import azure.durable_functions as df
from azure.functions.durable_functions import ActivityTriggerConverter
from azure.functions.meta import Datum

from local.functions_host.app.functions import Outcome
from local.functions_host.durable.hub.registry import DurableFunctions


class DirectRunner:
    def __init__(self, app: df.DFApp) -> None:
        self.functions = {function.get_function_name(): function for function in app.get_functions()}
        self.calls: Counter[str] = Counter()
        self.contexts: list[str] = []

    def names(self, kind: str) -> list[str]:
        return [name for name, f in self.functions.items() if f.get_trigger().type == kind]

    def registered(self) -> DurableFunctions:
        return DurableFunctions(self.names("orchestrationTrigger"), self.names("activityTrigger"))

    async def run(self, function_name: str, trigger_value: object) -> Outcome:
        self.calls[function_name] += 1
        function = self.functions[function_name]
        is_activity = function.get_trigger().type == "activityTrigger"
        if not is_activity:
            self.contexts.append(str(trigger_value))
        try:
            if not is_activity:
                return Outcome(True, await asyncio.to_thread(function.get_user_function(), trigger_value))
            argument = ActivityTriggerConverter.decode(Datum(trigger_value, "string"), trigger_metadata=None)
            result = await self._call(function.get_user_function(), argument)
            return Outcome(True, ActivityTriggerConverter.encode(result, expected_type=None).value)
        except Exception as error:
            return Outcome(False, error=f"{type(error).__name__}: {error}", stack=traceback.format_exc())

    async def _call(self, function, argument):
        if inspect.iscoroutinefunction(function):
            return await function(argument)
        return await asyncio.to_thread(function, argument)
