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
    """What a Content-Security-Policy calls the page's own script, so that no other runs."""
    script = _TEMPLATES.get_template("page.js").render()
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def full_page(page: JobPage) -> str:
    """The whole page; it keeps itself fresh while the job is going on."""
    return _TEMPLATES.get_template("page.html").render(page=page)


def changing_part(page: JobPage) -> str:
    """The part that the page replaces."""
    return _TEMPLATES.get_template("job.html").render(page=page)


def message_page(title: str, message: str) -> str:
    """A page with nothing but a message."""
    return _TEMPLATES.get_template("message.html").render(title=title, message=message)


def api_document_page(page: ApiPage) -> str:
    """An OpenAPI document to read."""
    return _TEMPLATES.get_template("api.html").render(page=page)
