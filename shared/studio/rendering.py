"""The studio's pages as HTML."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.studio.api_page import ApiPage
from shared.studio.job_page import JobPage

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def script_hash() -> str:
    """Return the hash of the page's own script for a Content-Security-Policy, so that no other script runs."""
    script = _TEMPLATES.get_template("page.js").render()
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def full_page(page: JobPage) -> str:
    """Render the whole page. It refreshes itself while the job runs."""
    return _TEMPLATES.get_template("page.html").render(page=page)


def changing_part(page: JobPage) -> str:
    """Render the live part of the page, which the page replaces while the job runs."""
    return _TEMPLATES.get_template("job.html").render(page=page)


def message_page(title: str, message: str) -> str:
    """Render a page with only a message."""
    return _TEMPLATES.get_template("message.html").render(title=title, message=message)


def api_document_page(page: ApiPage) -> str:
    """Render an OpenAPI document for people."""
    return _TEMPLATES.get_template("api.html").render(page=page)
