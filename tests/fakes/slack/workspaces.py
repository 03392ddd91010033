"""Several fake workspaces behind one address, told apart by the token of a call, as Slack does.

Ids of people, channels and apps are the same in all of them on purpose.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from tests.fakes.slack.oauth import OAuth
from tests.fakes.slack.organisation import FakeOrganisation
from tests.fakes.slack.server import FakeSlack


class FakeWorkspaces:
    """`url` is what the bot takes for Slack; `of` has each workspace, `oauth` the app they share."""

    def __init__(self, of: dict[str, FakeSlack]) -> None:
        self.of = of
        self.oauth = OAuth(of)
        self.url = ""

    def share(self, channel: str, *teams: str) -> None:
        """From now on these workspaces share the channel of the first (Slack Connect).

        Each is told of what people say in the others. Threads are those of the first one's app.
        """
        first, *others = [self.of[team] for team in teams]
        shared = first.channel(channel)
        shared.teams = teams
        for slack in others:
            slack.world.channels[channel] = shared
            slack.world.next_ts = first.world.next_ts  # type: ignore[method-assign]
            first.sharing.setdefault(channel, []).append(slack)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["method"] == "oauth.v2.access":
            return await self.oauth.access(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        for organisation in self.oauth.organisations.values():
            if organisation.knows(token):
                return await organisation.serve(request)
        for slack in self.of.values():
            if token in slack.tokens:
                return await slack.serve_api(request)
        return web.json_response({"ok": False, "error": "invalid_auth"})

    def organisation(self, name: str, *teams: str) -> FakeOrganisation:
        """An organisation of these workspaces, in which each channel has an id of its own."""
        found = FakeOrganisation(name, {team: self.of[team] for team in teams})
        self.oauth.organisations[name] = found
        for number, slack in enumerate(found.teams.values(), start=1):
            slack.is_whole = True
            slack.world.channels.clear()
            slack.world.add_channel(f"C{number}", "papers")
        return found


@asynccontextmanager
async def workspaces(
    *teams: str, clock: Callable[[], float] = time.time
) -> AsyncIterator[FakeWorkspaces]:
    """Workspaces of these ids, until the end of the block.

    While the `clock` stands still, ids of messages are the same in all of them too.
    """
    async with AsyncExitStack() as stack:
        of = {
            team: await stack.enter_async_context(FakeSlack(team=team, clock=clock))
            for team in teams
        }
        fake = FakeWorkspaces(of)
        application = web.Application(client_max_size=1 << 22)
        application.router.add_route("*", "/api/{method}", fake.serve)
        fake.oauth.add_to(application)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        yield fake
