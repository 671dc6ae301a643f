"""Keeps the master of a distributed run from leaving before its workers have settled their accounts.

At the end of a run without the web page, Locust's master tells its workers to quit and goes half a second later; what
they find out after their users have stopped, and what they counted in the last seconds, would not be told.
"""

import logging
import time
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.runners import WORKER_REPORT_INTERVAL, MasterRunner, WorkerRunner

_STOP: Final = "acd-stop"
_SETTLED: Final = "acd-settled"
_WAIT_S: Final = 90.0

_log = logging.getLogger("load")


class Workers:
    """One in each process, made when Locust is ready there."""

    def __init__(self, environment: Environment) -> None:
        self._runner = environment.runner
        self._expected = 0
        self._settled = 0
        if isinstance(self._runner, MasterRunner):
            self._runner.register_message(_SETTLED, self._one_has_settled)
        elif isinstance(self._runner, WorkerRunner):
            self._runner.register_message(_STOP, self._stop)

    def _one_has_settled(self, **_: Any) -> None:
        self._settled += 1

    def _stop(self, **_: Any) -> None:
        assert self._runner is not None
        self._runner.stop()  # does nothing if it has stopped already

    def begin(self) -> None:
        """The test starts."""
        self._settled = 0
        if isinstance(self._runner, MasterRunner):
            self._expected = self._runner.worker_count

    def settled(self) -> None:
        """Call it when the accounts of this process are settled. A worker waits until its last counts have gone, the
        master until all its workers have said that they are done.
        """
        if isinstance(self._runner, WorkerRunner):
            gevent.sleep(WORKER_REPORT_INTERVAL + 0.5)
            self._runner.send_message(_SETTLED)
        elif isinstance(self._runner, MasterRunner):
            self._runner.send_message(_STOP)
            until = time.monotonic() + _WAIT_S
            while self._settled < self._expected and time.monotonic() < until:
                gevent.sleep(0.1)
            if self._settled < self._expected:
                _log.error("%d workers did not settle their accounts", self._expected - self._settled)
                self._runner.environment.process_exit_code = 1
