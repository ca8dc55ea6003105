"""The settings of a workspace in tests that start no stack."""

from shared.settings import Settings

SETTINGS = Settings(
    subscription_id="s",
    resource_group="g",
    workspace="w",
    location="local",
    public_url="http://127.0.0.1:1",
    token_issuer="i",
    token_jwks_url="j",
    scale_set="local",
)
