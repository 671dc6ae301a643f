"""Real service processes on disks that are full or may not be written; a wall clock that jumps."""

import contextlib
import importlib.util
import os
import resource
import signal
import subprocess
from pathlib import Path

import grpc
import pytest

from acd.v1 import routing_service_pb2
from acd_service.verify import verify

_spec = importlib.util.spec_from_file_location(
    "service_conftest", Path(__file__).parents[1] / "service" / "conftest.py"
)
service_conftest = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(service_conftest)
make_service, failure_of, did_not_start = (
    service_conftest.make_service,
    service_conftest.failure_of,
    service_conftest.did_not_start,
)
ENGINE = service_conftest.ENGINE
FULL_AT_BYTES = 3 * 2**20


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={FULL_AT_BYTES}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("file systems can be mounted here by nobody, or not by this user")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(client, acknowledged: list[str]) -> None:
    """Bring contacts until the service is gone."""
    with contextlib.suppress(grpc.RpcError):
        while len(acknowledged) < 20_000:
            contact_id = f"c{len(acknowledged)}"
            client.enqueue(contact_id, attributes={"text": "x" * 8_000})
            acknowledged.append(contact_id)
    assert len(acknowledged) < 20_000, "the disk was never full"


def contacts_of(client) -> set[str]:
    found, token = set(), ""
    while True:
        page = client.routing.ListContacts(routing_service_pb2.ListContactsRequest(page_token=token, page_size=500))
        found |= {contact.contact_id for contact in page.contacts}
        token = page.next_page_token
        if not token:
            return found


def test_a_file_system_that_fills_up_ends_the_service_and_loses_nothing(make_service, small_disk):
    service = make_service(data_dir=small_disk / "data")
    client = service.start()
    client.apply_policy()
    acknowledged: list[str] = []
    fill(client, acknowledged)
    assert acknowledged
    assert service.wait() == 1
    assert "JournalWriteFailed" in service.stderr_path.read_text()
    subprocess.run(["mount", "-o", f"remount,size={FULL_AT_BYTES * 8}", str(small_disk)], check=True)
    kept = contacts_of(service.start())
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 1
    assert service.stop() == 0
    assert verify(service.data_dir, engine=ENGINE).ok


def test_a_file_that_may_not_grow_ends_the_service_and_loses_nothing(make_service):
    service = make_service()
    service.start().apply_policy()
    assert service.stop() == 0
    client = service.start()
    pid = service._process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_AT_BYTES, resource.RLIM_INFINITY))
    acknowledged: list[str] = []
    fill(client, acknowledged)
    assert acknowledged
    assert service.wait() == 1
    assert set(acknowledged) <= contacts_of(service.start())


def test_a_directory_that_may_not_be_written_is_refused_by_name(make_service, did_not_start, small_disk):
    service = make_service(data_dir=small_disk / "data")
    service.start().apply_policy()
    assert service.stop() == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(did_not_start, match=r"BadConfig: data_dir.*Read-only") as refused:
        service.start()
    assert refused.value.status == 2
    assert verify(service.data_dir, engine=ENGINE).ok


JUMPING_SERVER = """
import sys, time
from acd_service import clock, server

class Jumping:
    monotonic_ns = staticmethod(time.monotonic_ns)
    hours = {hours}

    @classmethod
    def time_ns(cls):
        return time.time_ns() + cls.hours * 3_600 * 10**9

clock.time = Jumping
sys.exit(server.main())
"""


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wall_clock_that_jumped_between_two_lives_takes_no_time_back(make_service, tmp_path, hours):
    program = tmp_path / "jumping_server.py"
    data_dir = tmp_path / "jumped"
    plain = make_service(data_dir=data_dir)
    client = plain.start()
    client.apply_policy()
    client.enqueue("before")
    plain.signal(signal.SIGKILL)
    plain.wait()
    program.write_text(JUMPING_SERVER.format(hours=hours))
    client = make_service(data_dir=data_dir, program=(str(program),)).start()
    client.enqueue("after")
    told_at_ns = [event.at.ToNanoseconds() for event in client.events_from(1)]
    assert told_at_ns == sorted(told_at_ns)
    gap_s = (told_at_ns[-1] - told_at_ns[1]) / 1e9
    assert gap_s >= 3_600 if hours > 0 else 0 < gap_s < 3_600
    status = client.status()
    assert not any(status.invariant_violations.values())
