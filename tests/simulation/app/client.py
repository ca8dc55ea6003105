"""The users of a world: they invoke jobs and cancel them. Nothing disturbs their calls."""

import asyncio

from shared.contracts.messages import JOB_REQUESTS, JobRequest
from shared.jobs.change import request_cancel
from shared.jobs.store import JobStore
from shared.jobs.submission.output_place import take_place
from shared.storage.account import StorageAccount
from shared.storage.queues import send
from tests.simulation.clock import virtual_now
from tests.simulation.plan import Plan


class Client:
    """Invokes jobs as shared/jobs/submission/invoke.py does once the endpoint is resolved."""

    def __init__(self, account: StorageAccount) -> None:
        self._account, self._jobs = account, JobStore(account.tables)

    async def invoke(self, plan: Plan) -> None:
        """Store the job and send its request."""
        await asyncio.to_thread(self._invoke, plan)

    async def cancel(self, name: str) -> None:
        """Ask for the end of a job."""
        await asyncio.to_thread(request_cancel, self._account, self._jobs, name)

    def _invoke(self, plan: Plan) -> None:
        job = take_place(self._account, self._jobs, plan.document(virtual_now()))
        self._jobs.add(job)
        send(self._account.queues, JOB_REQUESTS, JobRequest(job=job.name))
