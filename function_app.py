"""The Function App: registers the triggers, nothing else."""

import azure.durable_functions as df
import azure.functions as func

from shared.triggers.background import activities, functions, orchestration
from shared.triggers.http import functions as http_functions

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for module in (http_functions, functions, orchestration, activities):
    app.register_functions(module.blueprint)
