"""What storage calls the reason of an error."""


def error_code(error: Exception) -> str:
    """Such as `AuthorizationFailure`; empty for an error that storage has not answered.

    The SDK gives an enum, whose text is `StorageErrorCode.…`, for codes that it knows.
    """
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "").strip()
