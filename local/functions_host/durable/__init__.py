"""Durable Functions for the local host: task hub in SQLite, replayer, engine and client RPC."""

from local.functions_host.durable.engine import SUPPORTED_TRIGGERS, DurableEngine
from local.functions_host.durable.links import DurableLinks, client_binding
from local.functions_host.durable.registry import DurableFunctions

__all__ = [
    "SUPPORTED_TRIGGERS",
    "DurableEngine",
    "DurableFunctions",
    "DurableLinks",
    "client_binding",
]
