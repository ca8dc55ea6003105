"""A deployment's scoring script: `init()`, `run(mini_batch)` and, optionally, `shutdown()`."""

import importlib.util
import os
import sys
from types import ModuleType
from typing import List

from .results.rows import Rows, of_result
from .values.failures import DeploymentError, with_type


class Script:
    """An imported scoring script."""

    def __init__(self, path: str, code_folder: str) -> None:
        """Import `path` with `code_folder` first on `sys.path`; raise DeploymentError if it is not a scoring script."""
        sys.path.insert(0, code_folder)
        self._name = os.path.relpath(path, code_folder)
        sys.argv[:] = [self._name]
        self._module = self._imported(path)
        if not callable(getattr(self._module, "run", None)):
            raise DeploymentError("init", "scoring script {} has no function run(mini_batch)".format(self._name))

    def init(self) -> None:
        """Call the script's `init()`, if it has one; let any exception through."""
        init = getattr(self._module, "init", None)
        if init is not None:
            init()

    def run(self, files: List[str]) -> Rows:
        """Call `run()` with the local paths of a mini-batch; let any exception through."""
        return of_result(self._module.run(files))

    @property
    def has_shutdown(self) -> bool:
        """True when the script has a function `shutdown()`."""
        return callable(getattr(self._module, "shutdown", None))

    def shutdown(self) -> None:
        """Call the script's `shutdown()`, if it has one; let any exception through."""
        if self.has_shutdown:
            self._module.shutdown()

    def _imported(self, path: str) -> ModuleType:
        if not os.path.isfile(path):
            raise DeploymentError("init", "the code folder has no scoring script {}".format(self._name))
        name = os.path.splitext(os.path.basename(path))[0]
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise DeploymentError("init", "scoring script {} is not a Python file".format(self._name))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except (ImportError, SyntaxError) as error:
            message = "scoring script {} cannot be imported: {}".format(self._name, with_type(error))
            raise DeploymentError("init", message) from error
        return module
