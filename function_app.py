"""The Function App: registers the triggers, nothing else."""

import azure.durable_functions as df
import azure.functions as func

from shared.triggers import activities, http, orchestration, queues, timers

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for module in (http, queues, timers, orchestration, activities):
    app.register_functions(module.blueprint)
