"""The HTTP routes of the issuer, at the paths of Microsoft Entra ID."""

from typing import Any

from aiohttp import web

from local.token_issuer.credentials import authorization_url, issuer_url, jwks_url, token_url
from local.token_issuer.issuer import LIFETIME_SECONDS, AccessToken, InvalidRequestError, Issuer, TokenError

_NEVER_CACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenService:
    """Answers the requests of OpenID Connect discovery and of the token endpoints."""

    def __init__(self, issuer: Issuer, base_url: str) -> None:
        self._issuer = issuer
        self._base_url = base_url

    def application(self) -> web.Application:
        """Return the aiohttp application with all routes."""
        app = web.Application(middlewares=[_oauth_errors])
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
                web.get("/{tenant}/.well-known/openid-configuration", self._configuration),
                web.get("/{tenant}/discovery/v2.0/keys", self._keys),
                web.get("/{tenant}/discovery/keys", self._keys),
                web.post("/{tenant}/oauth2/v2.0/token", self._token_v2),
                web.post("/{tenant}/oauth2/token", self._token_v1),
            ]
        )
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "healthy"})

    async def _configuration(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        return web.json_response(
            {
                "issuer": issuer_url(self._base_url, tenant),
                # Entra's libraries require it even for client credentials. No browser can sign in here.
                "authorization_endpoint": authorization_url(self._base_url, tenant),
                "token_endpoint": token_url(self._base_url, tenant),
                "jwks_uri": jwks_url(self._base_url, tenant),
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        self._tenant(request)
        return web.json_response({"keys": [self._issuer.key.as_jwk()]})

    async def _token_v2(self, request: web.Request) -> web.Response:
        token = await self._token(request)
        answer = {"token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "ext_expires_in": LIFETIME_SECONDS}
        return web.json_response({**answer, "access_token": token.value}, headers=_NEVER_CACHED)

    async def _token_v1(self, request: web.Request) -> web.Response:
        token = await self._token(request)
        answer = {  # v1 writes numbers as text
            "token_type": "Bearer",
            "expires_in": str(LIFETIME_SECONDS),
            "ext_expires_in": str(LIFETIME_SECONDS),
            "expires_on": str(token.expires_on),
            "not_before": str(token.not_before),
            "resource": token.audience,
            "access_token": token.value,
        }
        return web.json_response(answer, headers=_NEVER_CACHED)

    async def _token(self, request: web.Request) -> AccessToken:
        self._tenant(request)
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return self._issuer.grant(form, request.headers.get("Authorization"))

    def _tenant(self, request: web.Request) -> str:
        asked, known = request.match_info["tenant"], self._issuer.credentials.tenant_id
        if asked != known:
            raise InvalidRequestError(f"tenant {asked!r} is not known; this issuer serves tenant {known}")
        return known


@web.middleware
async def _oauth_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except TokenError as refusal:
        return web.json_response(refusal.as_body(), status=refusal.http_status, headers=_NEVER_CACHED)
    return response
