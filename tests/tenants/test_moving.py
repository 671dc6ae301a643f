"""A tenant moved from one service to another by a file, over real sockets: whole, or not at all."""

import contextlib
import hashlib
import json
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import apsw
import grpc
import pytest

from acd.v1.event_pb2 import Event
from acd.v1.tenant_service_pb2 import ExportTenantResponse, ImportTenantRequest
from acd_service.data_dir import journal_path
from acd_service.identity.identity import Role
from acd_service.journal import ERASING, REMOVING
from acd_service.journal_sqlite import SqliteJournal
from acd_service.verify import verify

HERE, THERE = "here", "there"


@pytest.fixture
def two_houses(make_houses):
    """Two services; the first has the tenant acme, with something of everything."""
    here, there = make_houses(HERE, THERE)
    host = here.caller("default", Role.HOST)
    host("TenantService/CreateTenant", name="acme", quotas={"agents_max": 7}, seed=2**63 + 5)
    here.fill(here.caller("acme"))
    return here, there


def export(host) -> tuple[ExportTenantResponse, bytes]:
    pieces = list(host.stream("TenantService/ExportTenant", name="acme", timeout=60))
    return pieces[0], b"".join(piece.content for piece in pieces)


def bring_in(house, content: bytes, piece_bytes: int = 10_000):
    """The last answer of an import."""
    pieces = (content[start : start + piece_bytes] for start in range(0, len(content), piece_bytes))
    host = house.caller("default", Role.HOST)
    *_, last = host.both_ways("TenantService/ImportTenant", (ImportTenantRequest(content=piece) for piece in pieces))
    return last


def status(caller):
    return caller("AdminService/GetStatus", with_state_digest=True)


def names(house) -> list[str]:
    return [each.name for each in house.caller("default", Role.HOST)("TenantService/ListTenants").tenants]


def events(caller, from_event_seq: int, count: int) -> list[bytes]:
    found: list[bytes] = []
    for message in caller.stream("EventService/Subscribe", from_event_seq=from_event_seq):
        found += [event.SerializeToString() for event in message.events]
        if len(found) >= count:
            return found
    return found


def test_a_tenant_that_moves_goes_on_where_it_was(two_houses) -> None:
    here, there = two_houses
    acme, host = here.caller("acme"), here.caller("default", Role.HOST)
    before, told = status(acme), events(acme, 1, status(acme).event_seq)
    host("TenantService/SuspendTenant", name="acme")
    first, content = export(host)
    assert (first.extent.seq, first.extent.event_seq, first.size_bytes) == (before.seq, before.event_seq, len(content))
    assert first.extent.state_digest == before.state_digest
    host("TenantService/RemoveTenant", name="acme")

    last = bring_in(there, content)
    assert last.extent == first.extent
    assert (last.tenant.name, last.tenant.state, last.tenant.quotas.agents_max) == ("acme", 2, 7)
    there.caller("default", Role.HOST)("TenantService/ResumeTenant", name="acme")
    acme = there.caller("acme")
    # As after a restart: one command more, that there was an outage.
    assert status(acme).seq == before.seq + 1
    assert events(acme, 1, len(told))[: len(told)] == told, "followers resume with their cursor"
    assert acme("RoutingService/GetContact", contact_id="call-2").contact.queue_id == "sales"
    assert acme("CustomerService/LookUpCustomer", address="+1555").customer.customer_id == "c-1"
    assert [each.policy_version for each in acme("PolicyService/ListPolicyVersions").versions] == [1]
    repeated = acme("RoutingService/EnqueueContact", contact_id="call-1", queue_id="sales", request_id="r-1")
    assert repeated.duplicate, "a retry of a call that was made before the move"
    assert names(here) == ["default"]
    assert sum(each.offered for each in acme("InsightService/GetQueueStats").stats) == 2
    there.kill()
    there.start()
    moved = status(there.caller("acme"))
    assert moved.seq > before.seq
    # And back, to where a tenant of this name was removed.
    first, content = export(there.caller("default", Role.HOST))
    assert first.extent.state_digest == moved.state_digest
    assert bring_in(here, content).extent == first.extent


def test_a_snapshot_goes_with_it(two_houses) -> None:
    here, there = two_houses
    acme = here.caller("acme")
    taken = acme("AdminService/TakeSnapshot")
    acme("RoutingService/EnqueueContact", contact_id="call-3", queue_id="vip")
    first, content = export(here.caller("default", Role.HOST))
    assert bring_in(there, content).extent == first.extent
    (path,) = (there.data / "snapshots").iterdir()
    assert path.name == f"acme-{taken.seq:020d}.snapshot"
    # It was exported while it was served, and still is.
    assert status(acme).state_digest == first.extent.state_digest


def test_a_tenant_that_moves_while_a_customer_is_erased_takes_the_erasure_with_it(two_houses, monkeypatch) -> None:
    here, there = two_houses
    here.stop()
    here.program = [str(Path(__file__).parents[1] / "service" / "dying_eraser_server.py")]
    monkeypatch.setenv("ACD_TEST_DIES_AT", "3")
    monkeypatch.setenv("ACD_TEST_STALLS", "1")
    here.start()
    acme = here.caller("acme")
    for number in range(150):
        whose = ("c-1", "c-9")[number % 2]
        of = {"of": f"note-of-{whose}"}
        contact = {"contact_id": f"e-{number}", "customer_id": whose, "attributes": of}
        acme("RoutingService/EnqueueContact", queue_id="sales", **contact)
    erasing = threading.Thread(target=_erase, args=(acme, "c-1"), daemon=True)
    erasing.start()
    until = time.monotonic() + 60
    while "the erasure stalls" not in (here.folder / "service.log").read_text() and time.monotonic() < until:
        time.sleep(0.05)
    _, content = export(here.caller("default", Role.HOST))
    bring_in(there, content)
    here.kill()
    erasing.join(30)

    assert ERASING in SqliteJournal.open_to_read(there.data).facts_of("acme")
    assert _files_with(b"note-of-c-1", there.data)
    there.caller("default", Role.HOST)("TenantService/ResumeTenant", name="acme")
    acme = there.caller("acme")
    journal = SqliteJournal.open_to_read(there.data)
    while ERASING in journal.facts_of("acme") and time.monotonic() < until:
        time.sleep(0.05)
    assert not _files_with(b"note-of-c-1", there.data)
    assert _files_with(b"note-of-c-9", there.data)
    told = [
        event
        for event in map(Event.FromString, events(acme, 1, status(acme).event_seq))
        if event.HasField("contact_enqueued")
    ]
    assert {event.contact_enqueued.customer_id for event in told} == {"", "c-9"}
    assert there.stop() == 0
    assert verify(there.data).problem == ""


def _erase(acme, customer_id: str) -> None:
    with contextlib.suppress(Exception):  # its service is killed
        acme("CustomerService/EraseCustomer", customer_id=customer_id)


def _files_with(word: bytes, folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]


def test_a_tenant_that_is_there_is_not_replaced(two_houses, refusal_of) -> None:
    here, there = two_houses
    _, content = export(here.caller("default", Role.HOST))
    before = status(here.caller("acme")).state_digest
    refusal = refusal_of(lambda: bring_in(here, content))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "TENANT_EXISTS")
    assert status(here.caller("acme")).state_digest == before
    bring_in(there, content)
    assert refusal_of(lambda: bring_in(there, content)).reason == "TENANT_EXISTS"


def test_a_tenant_that_is_not_there_is_not_exported(two_houses, refusal_of) -> None:
    host = two_houses[1].caller("default", Role.HOST)
    assert refusal_of(lambda: host.stream("TenantService/ExportTenant", name="acme")).reason == "UNKNOWN_TENANT"


def rewritten(content: bytes, folder: Path, change) -> bytes:
    """The file with another manifest, whose hash is right."""
    source, target = folder / "source.tar", folder / "target.tar"
    source.write_bytes(content)
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as new:
        for entry in old:
            part = old.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(part)["manifest"]
                change(manifest)
                canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
                part = json.dumps({"manifest": manifest, "sha256": hashlib.sha256(canonical).hexdigest()}).encode()
            made = tarfile.TarInfo(entry.name)
            made.size = len(part)
            (folder / "part").write_bytes(part)
            with (folder / "part").open("rb") as file:
                new.addfile(made, file)
    return target.read_bytes()


def test_a_file_that_is_damaged_or_newer_leaves_nothing(two_houses, refusal_of, tmp_path) -> None:
    here, there = two_houses
    _, content = export(here.caller("default", Role.HOST))
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1

    def newer(manifest) -> None:
        manifest["behaviour_version"] += 1

    def other_state(manifest) -> None:
        manifest["state_digest"] = "0" * len(manifest["state_digest"])

    def other_name(manifest) -> None:
        manifest["tenant"] = "../../x"

    bad = {
        "empty": b"", "noise": b"noise" * 1_000, "cut": content[: len(content) * 2 // 3], "flipped": bytes(flipped),
        "other state": rewritten(content, tmp_path, other_state),
        "other name": rewritten(content, tmp_path, other_name),
    }  # fmt: skip
    for what, file in bad.items():
        refusal = refusal_of(lambda file=file: bring_in(there, file))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "BAD_TENANT_FILE"), what
    refusal = refusal_of(lambda: bring_in(there, rewritten(content, tmp_path, newer)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TENANT_FILE_FOREIGN")
    assert names(there) == ["default"]
    assert not list((there.data / "moving").iterdir())
    assert rows(there, "acme") == 0
    bring_in(there, content)
    assert names(there) == ["acme", "default"]


def rows(house, tenant: str) -> int:
    connection = apsw.Connection(str(journal_path(house.data)), flags=apsw.SQLITE_OPEN_READONLY)
    tables = ("tenants", "commands", "command_chunks", "events", "event_chunks", "policies")
    questions = (f"SELECT count(*) FROM {table} WHERE tenant = ?" for table in tables)
    found = sum(connection.execute(question, (tenant,)).fetchone()[0] for question in questions)
    connection.close()
    return found


@pytest.mark.parametrize("delay_ms", [0, 300, 500, 700, pytest.param(900, marks=pytest.mark.slow)])
def test_a_kill_leaves_all_or_nothing(two_houses, delay_ms) -> None:
    here, there = two_houses
    acme = here.caller("acme")
    for number in range(30):
        acme("RoutingService/EnqueueContact", contact_id=f"more-{number}", queue_id="vip")
    first, content = export(here.caller("default", Role.HOST))
    there.caller("default", Role.HOST)("TenantService/ListTenants")

    def send() -> None:
        with contextlib.suppress(Exception):  # the service is killed under our hands
            bring_in(there, content)

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(delay_ms / 1_000)
    there.kill()
    sender.join()
    there.start()
    if "acme" not in names(there):
        assert rows(there, "acme") == 0
        assert not (there.data / "tenants" / "acme").exists()
        bring_in(there, content)
    there.caller("default", Role.HOST)("TenantService/ResumeTenant", name="acme")
    assert status(there.caller("acme")).seq == first.extent.seq + 1


def test_a_service_that_ended_half_way_has_nothing_of_it_after_the_next_start(two_houses) -> None:
    here, there = two_houses
    _, content = export(here.caller("default", Role.HOST))
    bring_in(there, content)
    there.kill()
    journal = SqliteJournal.open(there.data)
    journal.put_fact("acme", REMOVING, 1)  # as it is until all of it is there
    journal.close()
    there.start()
    assert names(there) == ["default"]
    assert rows(there, "acme") == 0


def test_the_command_moves_a_tenant(two_houses, tmp_path) -> None:
    here, there = two_houses

    def acd(house, *arguments: str) -> dict:
        (tmp_path / "host.key").write_text(house.key("default", Role.HOST))
        house.caller("default", Role.HOST)
        done = subprocess.run(
            [sys.executable, "-m", "acd_service.cli", "tenants", *arguments, "--server", house.address,
             "--api-key-file", str(tmp_path / "host.key"), "--json"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    file = str(tmp_path / "acme.acd")
    acd(here, "suspend", "acme")
    exported = acd(here, "export", "acme", file)
    imported = acd(there, "import", file, "--resume")
    assert exported["size_bytes"] == Path(file).stat().st_size
    assert imported["state"] == "served"
    assert [imported[key] for key in ("seq", "state_digest")] == [exported[key] for key in ("seq", "state_digest")]
