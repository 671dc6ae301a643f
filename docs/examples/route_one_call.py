"""Route one call by hand. With `make serve` running: .venv/bin/python docs/examples/route_one_call.py"""

import sys
from datetime import timedelta

import grpc

from acd.v1 import agent_commands_pb2 as agent
from acd.v1 import agent_service_pb2_grpc, event_service_pb2_grpc, policy_service_pb2_grpc, routing_service_pb2_grpc
from acd.v1 import contact_commands_pb2 as contact
from acd.v1.agent_pb2 import PRESENCE_READY
from acd.v1.event_service_pb2 import SubscribeRequest
from acd.v1.policy_commands_pb2 import ApplyPolicyRequest

with grpc.insecure_channel(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7007") as channel:
    routing = routing_service_pb2_grpc.RoutingServiceStub(channel)
    agents = agent_service_pb2_grpc.AgentServiceStub(channel)
    events = event_service_pb2_grpc.EventServiceStub(channel)
    policies = policy_service_pb2_grpc.PolicyServiceStub(channel)

    sales = {"queue_id": "sales", "requirement": "sales", "wrap_up": timedelta(seconds=30)}
    began = policies.ApplyPolicy(ApplyPolicyRequest(policy={"queues": [sales]}))
    ann = {"agent_id": "ann", "skills": {"sales": 80}}
    bob = {"agent_id": "bob", "skills": {"sales": 50, "spanish": 70}}
    agents.UpsertAgents(agent.UpsertAgentsRequest(agents=[ann, bob]))
    for agent_id in ("ann", "bob"):
        agents.SetPresence(agent.SetPresenceRequest(agent_id=agent_id, presence=PRESENCE_READY))

    # Ann is better at sales and has been idle for longer, but only Bob speaks Spanish.
    call = routing.EnqueueContact(contact.EnqueueContactRequest(queue_id="sales", requirement="spanish>=60")).contact
    who = {"contact_id": call.contact_id, "agent_id": call.agent_id}
    routing.AcceptOffer(contact.AcceptOfferRequest(offer_id=call.offer_id, **who))
    routing.CompleteContact(contact.CompleteContactRequest(**who))
    ended = agents.FinishWrapUp(agent.FinishWrapUpRequest(**who))

    for message in events.Subscribe(SubscribeRequest(from_event_seq=1)):
        for event in (event for event in message.events if event.seq >= began.seq):
            name = event.WhichOneof("detail")
            print(event.event_seq, name, str(getattr(event, name)).replace("\n", " "))
        if message.events and message.events[-1].seq >= ended.seq:
            break
