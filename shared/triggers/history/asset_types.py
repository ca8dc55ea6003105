"""The type of an output, in the spelling that the asking client knows.

The official client compares it literally: before 1.35 it knows `UriFolder`, as Azure answers, since then only
`uri_folder`; with the other one it downloads nothing, without a word (azure_ai_ml_wire 7).
"""

import re

_CLIENT = re.compile(r"azure-ai-ml/(\d+)\.(\d+)")
_NEW_SPELLING = (1, 35)


def output_type(user_agent: str) -> str:
    """The type of a folder of output for the client with this `User-Agent`."""
    client = _CLIENT.search(user_agent)
    is_new = client is not None and (int(client[1]), int(client[2])) >= _NEW_SPELLING
    return "uri_folder" if is_new else "UriFolder"
