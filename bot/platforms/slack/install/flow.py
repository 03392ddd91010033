"""The requests `/slack/install` and `/slack/oauth_redirect`: slack-bolt's flow over our stores.

The state of an installation is valid once and for a few minutes, and only in the browser that began
it, which holds it in a cookie.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urljoin

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.errors import StorageError, UserError
from bot.core.domain.late import late_pattern
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import open_client, sdk_logger
from bot.platforms.slack.errors import SDK_ERRORS
from bot.platforms.slack.install.installed import AppCredentials, Installations
from bot.platforms.slack.install.pages import (
    PageStyle,
    failure_page,
    install_page,
    success_page,
)
from bot.platforms.slack.install.stores import InstallationStore, NotInstalledError, StateStore
from bot.platforms.slack.manifest import SCOPES

log = logging.getLogger(__name__)

INSTALL, REDIRECT = "/install", "/oauth_redirect"
"""Below the prefix `/slack`."""
_COOKIE = "paperbot-slack-install"
_COOKIE_SECONDS = 600
_CODE = late_pattern(r"[\w.-]{1,500}", re.ASCII)
_LONGEST_STATE = 200


class _Flow(AsyncOAuthFlow):
    """slack-bolt's flow with our page."""

    def __init__(
        self, client: AsyncWebClient, settings: AsyncOAuthSettings, style: PageStyle
    ) -> None:
        super().__init__(client=client, logger=sdk_logger(), settings=settings)
        self._style = style

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        return install_page(self._style, self._style.voice(_headers(request)), url)


class InstallRequests:
    """Answers the requests of installations.

    `check` gets the connected address and the values of `X-Forwarded-For`. It raises `UserError`
    for a visitor who begins too many: each takes one of the places of all.
    """

    def __init__(
        self,
        credentials: AppCredentials,
        installations: Installations,
        style: PageStyle,
        check: Callable[[str | None, Sequence[str]], None],
    ) -> None:
        self._credentials = credentials
        self._check = check
        self._installations = installations
        self._style = style

    def add_to(self, application: web.Application) -> None:
        """Add the two addresses to the application that is mounted at `/slack`."""
        application.router.add_get(INSTALL, self._install, allow_head=False)
        application.router.add_get(REDIRECT, self._finish, allow_head=False)

    async def _install(self, request: web.Request) -> web.Response:
        return await self._answer(request, is_begin=True)

    async def _finish(self, request: web.Request) -> web.Response:
        return await self._answer(request, is_begin=False)

    async def _answer(self, request: web.Request, *, is_begin: bool) -> web.Response:
        headers: dict[str, str | Sequence[str]] = {
            name: request.headers.getall(name) for name in request.headers
        }
        query = _checked_query(request, is_begin=is_begin)
        asked = AsyncBoltRequest(body="", query=query, headers=headers)
        access = Access("", api_base=self._credentials.api_base)
        async with open_client(access) as client:
            flow = _Flow(client, self._settings(), self._style)
            try:
                if is_begin:
                    self._check(request.remote, request.headers.getall("X-Forwarded-For", ()))
                    answer = await flow.handle_installation(asked)
                else:
                    answer = await flow.handle_callback(asked)
            except (SlackApiError, *SDK_ERRORS, KeyError) as error:
                log.warning("Slack: an installation failed: %r", error)
                answer = self._failed(asked, "unreachable", HTTPStatus.BAD_GATEWAY)
            except StorageError as error:
                log.error("Slack: an installation could not be stored: %s", error)
                answer = self._failed(asked, "storage_error", HTTPStatus.SERVICE_UNAVAILABLE)
            except UserError as error:
                answer = self._failed(asked, "", HTTPStatus.SERVICE_UNAVAILABLE, error)
        response = await to_aiohttp_response(answer)
        for cookie in response.cookies.values():
            cookie["samesite"] = "Lax"  # it must come back with the redirect from Slack
        response.headers["Cache-Control"] = "no-store"
        return response

    def _settings(self) -> AsyncOAuthSettings:
        of_app = self._credentials
        settings = AsyncOAuthSettings(
            client_id=of_app.client_id,
            client_secret=of_app.client_secret,
            scopes=SCOPES,
            user_scopes=(),
            install_path=f"/slack{INSTALL}",
            redirect_uri=of_app.redirect_uri,
            redirect_uri_path=f"/slack{REDIRECT}",
            callback_options=AsyncCallbackOptions(self._succeeded, self._told),
            authorization_url=urljoin(of_app.api_base, "/oauth/v2/authorize"),
            installation_store=InstallationStore(self._installations),
            state_store=StateStore(self._installations),
            state_cookie_name=_COOKIE,
            state_expiration_seconds=_COOKIE_SECONDS,
            logger=sdk_logger(),
        )
        settings.redirect_uri = of_app.redirect_uri  # else slack-bolt looks into the environment
        return settings

    async def _succeeded(self, args: AsyncSuccessArgs) -> BoltResponse:
        made = args.installation
        name = made.team_name or made.team_id or made.enterprise_name or made.enterprise_id or ""
        say = self._style.voice(_headers(args.request))
        whole = bool(made.is_enterprise_install)
        html = success_page(self._style, say, name, is_organisation=whole)
        forget = args.settings.state_utils.build_set_cookie_for_deletion()
        return _html(HTTPStatus.OK, html, {"Set-Cookie": [forget]})

    async def _told(self, args: AsyncFailureArgs) -> BoltResponse:
        log.info("Slack: an installation did not come about: %s", args.reason)
        if isinstance(args.error, NotInstalledError):
            return self._failed(args.request, "", HTTPStatus.CONFLICT, args.error.error)
        return self._failed(args.request, args.reason, args.suggested_status_code)

    def _failed(
        self, asked: AsyncBoltRequest, reason: str, status: int, error: UserError | None = None
    ) -> BoltResponse:
        say = self._style.voice(_headers(asked))
        return _html(status, failure_page(self._style, say, reason, error))


def _html(status: int, html: str, headers: Mapping[str, list[str]] | None = None) -> BoltResponse:
    kind = {"Content-Type": "text/html; charset=utf-8"}
    return BoltResponse(status=status, body=html, headers={**kind, **(headers or {})})


def _checked_query(request: web.Request, *, is_begin: bool) -> dict[str, str]:
    """The query as far as it is well-formed: slack-bolt writes the code to the log."""
    if is_begin:
        return {}
    error, state, code = (request.query.get(name, "") for name in ("error", "state", "code"))
    if error:
        return {"error": error if error == "access_denied" else "other"}
    checked = {}
    if state and len(state) <= _LONGEST_STATE:
        checked["state"] = state
    if _CODE.fullmatch(code):
        checked["code"] = code
    return checked


def _headers(request: AsyncBoltRequest) -> dict[str, str]:
    """The headers as a browser sends them; slack-bolt has them in lower case."""
    return {
        name.title(): values[0] if isinstance(values, list) else str(values)
        for name, values in request.headers.items()
        if values
    }
