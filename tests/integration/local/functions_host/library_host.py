"""The host with Azure's own worker library in place of our worker; started by the fidelity tests."""

import sys

from library_worker import LibraryWorker

from local.functions_host.__main__ import main

sys.exit(main(make_worker=LibraryWorker))
