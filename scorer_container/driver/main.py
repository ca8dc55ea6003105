"""Starts a scoring process: `python -u main.py`, run by path in the deployment's own environment.

It loads the driver as a package under a name of its own and removes the driver's folder from `sys.path`: the driver's
modules cannot hide the user's.
"""

import importlib
import importlib.util
import os
import sys

_PACKAGE = "batch_scoring_driver"


def _start() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.getcwd()) != here]
    sys.argv[:] = [os.path.basename(__file__)]
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(_PACKAGE + ".service").main()


if __name__ == "__main__":
    _start()
