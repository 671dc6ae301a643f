"""The load test's users with two faults in them: a CRM that loses an event on its way, and calls to no queue."""

from collections.abc import Iterator
from typing import Any

from locust import task

from acd.v1.contact_commands_pb2 import EnqueueContactRequest
from load.calls import Stream
from load.chat_gateway import ChatGateway
from load.crm_subscriber import CrmSubscriber
from load.locustfile import AgentDesktop, PbxLine, Supervisor

__all__ = ["AgentDesktop", "ForgetfulCrm", "MisdialledGateway", "PbxLine", "Supervisor"]


class ForgetfulCrm(CrmSubscriber):
    fixed_count = 1
    lost = False

    def messages(self, stream: Stream) -> Iterator[Any]:
        for message in stream:
            if len(message.events) > 1 and not self.lost:
                del message.events[0]
                self.lost = True
            yield message


class MisdialledGateway(ChatGateway):
    fixed_count = 1

    @task
    def chat(self) -> None:
        self.pause(0.5)
        request = EnqueueContactRequest(contact_id=self.site.name("chat"), queue_id="nowhere")
        self.calls.unary("EnqueueContact", self.to.routing.EnqueueContact, request)

    tasks = [chat]  # noqa: RUF012
