"""Imports the app's script and lists its functions, by the rules of the Python worker."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from local.functions_host.app.errors import AppImportError, FunctionLoadError
from local.functions_host.app.functions import Binding, FunctionRecord

SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"
DEFAULT_SCRIPT = "function_app.py"


def load_app(app_root: Path, script: str = DEFAULT_SCRIPT) -> list[Any]:
    """The SDK's function objects of the app in `app_root`, in the order of their declaration.

    An app can be loaded once in a process: the SDK builds its functions only once.

    Raises:
        AppImportError: the script is missing, fails on import, or does not hold exactly one function app.
    """
    if not (app_root / script).is_file():
        raise AppImportError(f"{script} does not exist in {app_root}; set {SCRIPT_SETTING} if it has another name")
    app = _single_app(_import_script(app_root, Path(script).stem), script)
    try:
        return list(app.get_functions())
    except Exception as error:
        raise AppImportError(f"{script}: {error}") from error


def describe(indexed: Any) -> FunctionRecord:
    """Describe one of the SDK's function objects to the host.

    Raises:
        FunctionLoadError: the function does not have exactly one trigger.
    """
    name = indexed.get_function_name()
    raw = [json.loads(text) for text in indexed.get_raw_bindings()]
    return record_of(name, raw, retried=bool(indexed.get_settings_dict("retry_policy")))


def record_of(name: str, raw_bindings: list[dict[str, Any]], *, retried: bool) -> FunctionRecord:
    """Build the record of a function from its binding JSON, as a worker reports it.

    Raises:
        FunctionLoadError: the function does not have exactly one trigger.
    """
    bindings = tuple(
        Binding(str(raw["name"]), str(raw["type"]), str(raw["direction"]).upper(), raw) for raw in raw_bindings
    )
    triggers = [binding for binding in bindings if binding.type.lower().endswith("trigger")]
    if len(triggers) != 1:
        raise FunctionLoadError(name, f"it has {len(triggers)} triggers; a function has exactly one")
    return FunctionRecord(name, bindings, triggers[0], retried)


def _import_script(app_root: Path, module: str) -> ModuleType:
    if str(app_root) not in sys.path:
        sys.path.insert(0, str(app_root))
    try:
        return importlib.import_module(module)
    except Exception as error:
        raise AppImportError(f"{module}.py cannot be imported: {type(error).__name__}: {error}") from error


def _single_app(module: ModuleType, script: str) -> Any:
    from azure.functions import FunctionRegister

    # Two names for one object count twice, as in Azure.
    names = [name for name in dir(module) if isinstance(getattr(module, name, None), FunctionRegister)]
    if not names:
        raise AppImportError(f"{script} has no function app; assign func.FunctionApp() or df.DFApp() to a name")
    if len(names) > 1:
        raise AppImportError(f"{script} has more than one name for a function app ({', '.join(names)}); keep one")
    return getattr(module, names[0])
