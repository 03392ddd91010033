"""A stateful Slack on 127.0.0.1: Web API, Socket Mode, signed HTTP events, limits and faults.

It keeps workspaces' users, channels and messages as Slack does, so that a test asks what is
*there*, not what was called. `FakeSlack` is the server; its methods are what people and Slack
do. `python -m tests.fakes.slack` runs it as a process of its own.
"""

from tests.fakes.slack.faults import Fault, Limits
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.wire import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SentRequest, signed

__all__ = [
    "APP_TOKEN",
    "BOT_TOKEN",
    "SIGNING_SECRET",
    "FakeSlack",
    "Fault",
    "Limits",
    "SentRequest",
    "signed",
]
