"""What all users share."""

import random
import time
from contextlib import AbstractContextManager, suppress
from typing import Any

import gevent
from locust import User

from load.calls import CallFailed, Calls
from load.site import Connection, Site


class GrpcUser(User):
    """A user with a connection of the process's site. `environment.site` is set when the test starts."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.site: Site = environment.site
        self.to: Connection = self.site.connection()
        self.calls = Calls(environment.events.request)
        self.draws = random.Random()  # noqa: S311 - thinking times

    def pause(self, mean_s: float) -> None:
        """Wait about `mean_s` times the pace that was asked for, less when the test stops."""
        until = time.monotonic() + self.draws.uniform(0.5, 1.5) * mean_s * self.environment.parsed_options.pace
        while not self.site.is_stopping and (left := until - time.monotonic()) > 0:
            gevent.sleep(min(left, 0.2))

    @staticmethod
    def told_already() -> AbstractContextManager[None]:
        """For greenlets beside the user's own: a call that failed ends the block; Locust has been told."""
        return suppress(CallFailed)
