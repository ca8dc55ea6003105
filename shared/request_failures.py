"""Why an HTTP request got no answer."""


def cause(error: Exception) -> object:
    """What went wrong, for a message: urllib3's error of all tries repeats the address, which may hold a signature."""
    return getattr(error, "reason", None) or error
