"""Locust's way in: `python -m locust -f load/locustfile.py --host ADDRESS`. docs/load.md says how."""

import json
import logging
import os
from pathlib import Path
from typing import Any

# Locust has patched the standard library by now; gRPC has to know before it opens a channel.
import grpc.experimental.gevent
from locust import events

grpc.experimental.gevent.init_gevent()

import grpc  # noqa: E402
from locust.argument_parser import LocustArgumentParser  # noqa: E402
from locust.env import Environment  # noqa: E402
from locust.runners import MasterRunner, WorkerRunner  # noqa: E402

from acd.v1.policy_commands_pb2 import ApplyPolicyRequest  # noqa: E402
from load import centre  # noqa: E402
from load.agent_desktop import AgentDesktop  # noqa: E402
from load.calls import CALL_S, Calls  # noqa: E402
from load.chat_gateway import ChatGateway  # noqa: E402
from load.crm_subscriber import CrmSubscriber  # noqa: E402
from load.pbx import PbxLine  # noqa: E402
from load.site import Connection, Site  # noqa: E402
from load.summary import summary_of  # noqa: E402
from load.supervisor import Supervisor  # noqa: E402
from load.workers import Workers  # noqa: E402

__all__ = ["AgentDesktop", "ChatGateway", "CrmSubscriber", "PbxLine", "Supervisor"]
ACCOUNTS = "accounts"
"""What the last check of a process is reported as: is everything that was acknowledged accounted for?"""

_log = logging.getLogger("load")


def _options(parser: LocustArgumentParser) -> None:
    parser.add_argument(
        "--connections", type=int, default=8, help="HTTP/2 connections of each Locust process, shared by its users"
    )
    parser.add_argument("--pace", type=float, default=1.0, help="how long talk and breaks take, times their usual")
    parser.add_argument(
        "--keep-policy",
        action="store_true",
        help="do not put the load test's policy in force; its queues must be there",
    )
    parser.add_argument(
        "--summary", default="", include_in_web_ui=False, help="write counts, times and failures to this JSON file"
    )


def _init(environment: Environment, **_: Any) -> None:
    environment.workers = Workers(environment)  # type: ignore[attr-defined]


def _begin(environment: Environment, **_: Any) -> None:
    environment.workers.begin()  # type: ignore[attr-defined]
    options = environment.parsed_options
    assert options is not None
    address = (environment.host or "127.0.0.1:7007").removeprefix("http://").rstrip("/")
    try:
        if not isinstance(environment.runner, WorkerRunner) and not options.keep_policy:
            policies = Connection(address).policies
            policies.ApplyPolicy(ApplyPolicyRequest(policy=centre.policy()), timeout=CALL_S, wait_for_ready=True)
        if not isinstance(environment.runner, MasterRunner):
            environment.site = Site(address, options.connections)  # type: ignore[attr-defined]
    except grpc.RpcError as error:
        _log.critical("the service at %s cannot be set up: %s %s", address, error.code().name, error.details())
        os._exit(1)


def _stopping(environment: Environment, **_: Any) -> None:
    site = getattr(environment, "site", None)
    if site is not None:
        site.is_stopping = True


def _settle(environment: Environment, **_: Any) -> None:
    site: Site | None = getattr(environment, "site", None)
    if site is not None:
        calls = Calls(environment.events.request)
        problems = site.settle()
        for problem in problems:
            _log.error("%s", problem)
            calls.failed_check(ACCOUNTS, problem)
        if not problems:
            calls.report_check(ACCOUNTS)
        _log.info("%d contacts acknowledged, %d of them ended", site.ledger.acknowledged, site.ledger.settled)
    environment.workers.settled()  # type: ignore[attr-defined]


def _write_summary(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    if options is not None and options.summary and not isinstance(environment.runner, WorkerRunner):
        path = Path(options.summary)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(summary_of(environment), indent=2))


events.init_command_line_parser.add_listener(_options)
events.init.add_listener(_init)
events.test_start.add_listener(_begin)
events.test_stopping.add_listener(_stopping)
events.test_stop.add_listener(_settle)
events.quitting.add_listener(_write_summary)
