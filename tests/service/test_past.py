"""How far back Explain goes, and what it says when it cannot."""

import time

import grpc
import pytest

from acd.v1 import admin_service_pb2, insight_service_pb2, insight_service_pb2_grpc


@pytest.fixture
def ask(make_service, tmp_path, failure_of):
    """Ask why things were so before an event, of a service with some settings and a few contacts."""

    def start(settings):
        config = tmp_path / "settings.yaml"
        config.write_text(settings)
        client = make_service("--config", str(config)).start()
        client.apply_policy()
        for number in range(6):
            client.enqueue(f"c{number}")
            if number == 3:
                client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
        while "events_kept_min" in settings and client.status().oldest_event_seq == 1:
            time.sleep(0.01)  # they are forgotten in pieces, between commits
        insight = insight_service_pb2_grpc.InsightServiceStub(client.channel)

        def explain(before_event_seq):
            request = insight_service_pb2.ExplainRequest(contact_id="c0", before_event_seq=before_event_seq)
            return insight.Explain(request)

        return explain

    return start


def test_no_more_commands_are_replayed_than_may_be(ask, failure_of):
    explain = ask("explain_commands_max: 2\n")
    assert explain(3).event_seq == 2
    assert explain(7).event_seq == 6, "the snapshot is nearer"
    failure = failure_of(lambda: explain(5))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REPLAY_TOO_LONG")


def test_what_is_forgotten_cannot_be_gone_back_to(ask, failure_of):
    explain = ask("snapshots_kept: 1\nevents_kept_min: 3\n")
    failure = failure_of(lambda: explain(2))
    assert (failure.code, failure.reason) == (grpc.StatusCode.OUT_OF_RANGE, "EVENTS_NO_LONGER_KEPT")
    oldest = int(failure.metadata["oldest_event_seq"])
    assert explain(max(oldest, 6)).event_seq == max(oldest, 6) - 1
