"""Timer triggers: scale sets follow their tickets, jobs start by schedule, crashes are put right."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from shared.isolation import isolated
from shared.jobs.reconcile import reconcile
from shared.jobs.schedules import run_due_schedules
from shared.triggers.durable_client import DurableOrchestrations
from shared.wiring import application

blueprint = df.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="*/10 * * * * *", use_monitor=False)
def scale_computes(timer: func.TimerRequest) -> None:
    """Bring every compute to the size that it should have; trouble with one does not keep the others waiting."""
    for limits in application().computes():
        with isolated(f"compute {limits.compute}"):
            application().scaling.try_to_scale(limits)
        with isolated(f"the census of compute {limits.compute}"):
            application().census.take(limits.compute)


@blueprint.timer_trigger(arg_name="timer", schedule="*/10 * * * * *", use_monitor=False)
def run_schedules(timer: func.TimerRequest) -> None:
    """Start the jobs that are due by schedule."""
    run_due_schedules(application().workspace, application().jobs, datetime.now(UTC))


@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *", use_monitor=False)
@blueprint.durable_client_input(client_name="client")
async def reconcile_jobs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Resume jobs whose orchestration is gone, and remove what belongs to no job."""
    app = application()
    await reconcile(app.account, app.jobs, DurableOrchestrations(client))
