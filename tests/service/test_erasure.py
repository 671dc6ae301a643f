"""A customer is erased beside the traffic of others: nothing of it is left in the data directory, which is whole."""

import asyncio
import itertools
import json
import os
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import grpc
import pytest
from click.testing import CliRunner
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1 import (
    admin_service_pb2,
    command_pb2,
    contact_commands_pb2,
    contact_pb2,
    customer_pb2,
    customer_service_pb2_grpc,
    policy_pb2,
    routing_service_pb2,
)
from acd_core.commands import ApplyPolicy, CancelContact, EnqueueContact, ForgetCustomer
from acd_core.engine import Engine
from acd_core.limits import FORGOTTEN_ADDRESS
from acd_core.policy import Policy, QueueSpec
from acd_service.asking import Asking
from acd_service.backup import BackupFailed, back_up
from acd_service.cli.customers import customers_group
from acd_service.cli.verify import verify_command
from acd_service.codec.customers import known_contact
from acd_service.customers.customer import Customer
from acd_service.customers.directory import CustomerDirectory, Erased
from acd_service.engine_interface import engine_maker
from acd_service.erasing.eraser import Eraser
from acd_service.hosting import _erased_in
from acd_service.journal import ERASED, ERASING, JournalDamaged
from acd_service.journal_format import chunk_checksum, named_checksum
from acd_service.journal_sqlite import SqliteJournal
from acd_service.moving.packing import pack_tenant
from acd_service.moving.proving import prove_tenant
from acd_service.recovery import recover
from acd_service.restore import Moment, restore
from acd_service.service_error import ErasureUnfinished
from acd_service.set_aside import SetAside, whom_of
from acd_service.shared_by_tenants import SharedByTenants
from acd_service.verify import verify

PAGE = (Path(__file__).parents[2] / "docs" / "erasure.md").read_text(encoding="utf-8")
SECRETS = (
    "acme-17", "Sekretaria", "+34911234567", "premium-gold", "born-1970", "+34919990001", "+34919990002", "wants-a-loan"
)  # fmt: skip
"""Whatever the customer is known by; each must be in the directory before."""
OTHERS = ("kunde-9", "silver-of-another")


def found_in(folder: Path, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """Which of these words stand in which files, as they are on the disk."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found |= {(path.relative_to(folder).as_posix(), word) for word in words if word.encode() in content}
    return found


class Centre:
    """Contacts of the customer and of another, by every way that the record keeps them."""

    def __init__(self, client) -> None:
        self.client = client
        self.directory = customer_service_pb2_grpc.CustomerServiceStub(client.channel)

    def open(self) -> None:
        self.client.apply_policy(policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="later"))
        self.directory.UpsertCustomers(
            customer_pb2.UpsertCustomersRequest(
                request_id="import-1",
                customers=[
                    customer_pb2.Customer(
                        customer_id="acme-17",
                        display_name="Sekretaria",
                        addresses=[
                            customer_pb2.CustomerAddress(
                                kind=customer_pb2.CustomerAddress.KIND_PHONE, value="+34911234567"
                            )
                        ],
                        attributes={"crm": "premium-gold"},
                    ),
                    customer_pb2.Customer(customer_id="kunde-9", attributes={"crm": "silver-of-another"}),
                ],
            )
        )

    def traffic(self, name: str) -> None:
        """Some contacts of both, in rows and in chunks."""
        self.client.enqueue(f"{name}-a", customer_id="acme-17", attributes={"note": "born-1970"})
        self.client.enqueue(f"{name}-b", customer_address="+34911234567")
        self.client.enqueue(f"{name}-o", customer_id="kunde-9")
        self.client.enqueue(
            f"{name}-c", queue_id="later", customer_id="acme-17",
            callback=contact_pb2.Callback(address="+34919990001", window_start=Timestamp(seconds=4_000_000)),
        )  # fmt: skip
        self.client.routing.UpdateContact(
            contact_commands_pb2.UpdateContactRequest(
                contact_id=f"{name}-a", attributes=contact_pb2.Attributes(values={"why": "wants-a-loan"})
            )
        )
        commands = [
            command_pb2.Command(
                enqueue_contact=contact_commands_pb2.EnqueueContactRequest(
                    contact_id=f"{name}-{number}", queue_id="sales", customer_id=("acme-17", "kunde-9", "")[number % 3]
                )
            )
            for number in range(120)
        ]
        batch = routing_service_pb2.DispatchRequest(batch_id=1, commands=commands)
        for response in self.client.routing.Dispatch(iter([batch])):
            assert len(response.results) == len(commands)
        self.client.routing.RequestCallback(
            contact_commands_pb2.RequestCallbackRequest(
                contact_id=f"{name}-0", callback=contact_pb2.Callback(address="+34919990002")
            )
        )
        for number in range(20):
            self.client.routing.CancelContact(
                contact_commands_pb2.CancelContactRequest(
                    contact_id=f"{name}-{number + 30}",
                    reason=contact_commands_pb2.CancelContactRequest.REASON_ABANDONED,
                )
            )

    def erase(self, customer_id: str = "acme-17", request_id: str = ""):
        request = customer_pb2.EraseCustomerRequest(customer_id=customer_id, request_id=request_id)
        return self.directory.EraseCustomer(request, timeout=120)


@pytest.fixture
def centre(make_service):
    service = make_service()
    made = Centre(service.start())
    made.service = service
    made.open()
    return made


def test_nothing_of_the_customer_is_left(centre, tmp_path):
    data_dir = centre.service.data_dir
    centre.traffic("first")
    centre.client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    centre.traffic("second")
    before = found_in(data_dir, SECRETS)
    assert {word for _, word in before} == set(SECRETS)
    assert any(name.endswith(".snapshot") for name, _ in before)
    events_before = centre.client.events_from(1)

    erased = centre.erase()

    assert found_in(data_dir, SECRETS) == set()
    assert {word for _, word in found_in(data_dir, OTHERS)} == set(OTHERS)
    assert (erased.contacts, erased.commands > 80, erased.events > 80) == (86, True, True)
    # Events have their numbers and what else they told; whoever resumes gets them without the customer.
    events = centre.client.events_from(1, events_before[-1].event_seq)
    assert [event.event_seq for event in events] == [event.event_seq for event in events_before]
    for event, was in zip(events, events_before, strict=True):
        assert not any(word.encode() in event.SerializeToString() for word in SECRETS)
        assert event.forgotten_by_seq in (0, erased.seq)
        if was == event:
            continue
        event.ClearField("forgotten_by_seq")
        detail = was.WhichOneof("detail")
        for field in ("customer_id", "attributes", "address"):
            if field in getattr(was, detail).DESCRIPTOR.fields_by_name:
                getattr(was, detail).ClearField(field)
                getattr(event, detail).ClearField(field)
        assert event == was
    told = centre.client.events_from(events_before[-1].event_seq + 1, centre.client.status().event_seq)
    told_of = {
        event.customer_forgotten.contact_id for event in told if event.WhichOneof("detail") == "customer_forgotten"
    }
    assert told_of == {
        was.contact_enqueued.contact_id
        for was in events_before
        if was.contact_enqueued.contact_id.endswith(("-a", "-b", "-c"))
        or (
            was.contact_enqueued.contact_id.rpartition("-")[2].isdigit()
            and int(was.contact_enqueued.contact_id.rpartition("-")[2]) % 3 == 0
        )
    }
    # Live contacts are where they were.
    live = centre.client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id="first-0")).contact
    assert (live.customer_id, live.callback.address, live.state) == (
        "", FORGOTTEN_ADDRESS, contact_pb2.CONTACT_STATE_WAITING
    )  # fmt: skip

    # It is whole, also while it is used, and after a kill; what was erased is listed.
    centre.client.enqueue("after", customer_id="kunde-9")
    report = verify(data_dir)
    assert report.problem == ""
    assert [(each["seq"], each["asked_by"]) for each in report.erasures] == [(erased.seq, "")]
    centre.service.kill()
    centre.client = centre.service.start()
    assert found_in(data_dir, SECRETS) == set()
    back_up(data_dir, tmp_path / "backup")
    assert found_in(tmp_path / "backup", SECRETS) == set()
    assert verify(tmp_path / "backup").problem == ""
    centre.service.stop()
    assert verify(data_dir, engine="reference").problem == ""


def test_others_are_routed_while_a_customer_is_erased(centre):
    for name in ("one", "two"):
        centre.traffic(name)
    with ThreadPoolExecutor(1) as pool:
        erasing = pool.submit(centre.erase)
        came = 0
        for number in itertools.count():
            centre.client.enqueue(f"beside-{number}", customer_id="kunde-9")
            came += 1
            if erasing.done():
                break
        erasing.result()
    assert came > 1
    assert found_in(centre.service.data_dir, SECRETS) == set()
    assert verify(centre.service.data_dir).problem == ""


def test_a_customer_may_come_back_and_be_erased_again(centre):
    centre.traffic("one")
    first = centre.erase()
    centre.client.enqueue("back", customer_id="acme-17", attributes={"note": "born-1970"})
    assert {word for _, word in found_in(centre.service.data_dir, SECRETS)} == {"acme-17", "born-1970"}
    again = centre.erase()
    assert (again.contacts, again.commands > 0, again.seq > first.seq) == (1, True, True)
    other = centre.erase("kunde-9")
    assert other.contacts > 40
    assert found_in(centre.service.data_dir, (*SECRETS, *OTHERS)) == set()
    report = verify(centre.service.data_dir)
    assert report.problem == ""
    assert [each["seq"] for each in report.erasures] == [first.seq, again.seq, other.seq]


def test_of_whom_nothing_is_known_nothing_is_replaced(centre, failure_of):
    centre.client.enqueue("c", customer_id="kunde-9")
    erased = centre.erase("nobody")
    assert (erased.contacts, erased.commands, erased.events) == (0, 1, 0)
    failure = failure_of(lambda: centre.erase(""))
    assert (failure.code, failure.field) == (grpc.StatusCode.INVALID_ARGUMENT, "customer_id")
    assert verify(centre.service.data_dir).problem == ""


@pytest.fixture(scope="module")
def erased(make_shared_service):
    """The directory of a service in which the customer was erased, and up to where."""
    service = make_shared_service()
    made = Centre(service.start())
    made.open()
    made.traffic("one")
    made.client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    seq = made.erase().seq
    made.client.enqueue("after", customer_id="kunde-9")
    made.client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    made.client.enqueue("at-the-end", customer_id="kunde-9")
    service.stop()
    return service.data_dir, seq


def changed(folder: Path, read: str, write: str, change) -> None:
    """Write rows anew as somebody would who knows how: with the right checksum."""
    journal = apsw.Connection(str(folder / "journal.sqlite"))
    row = list(journal.execute(read).fetchone())
    journal.execute(write, change(row))
    journal.close()


def chunk_of_another(row):
    tenant, first, last, content = row
    assert b"kunde-9" in content
    content = content.replace(b"kunde-9", b"kunde-8")
    return content, chunk_checksum(tenant.encode(), first, last, content), first


TAMPERED = {
    "commands that were replaced": (
        "SELECT tenant, first_seq, last_seq, content FROM command_chunks ORDER BY first_seq LIMIT 1",
        "UPDATE command_chunks SET content = ?, checksum = ? WHERE first_seq = ?",
        chunk_of_another,
    ),
    "events that were replaced": (
        "SELECT tenant, first_event_seq, last_event_seq, content FROM event_chunks ORDER BY first_event_seq LIMIT 1",
        "UPDATE event_chunks SET content = ?, checksum = ? WHERE first_event_seq = ?",
        chunk_of_another,
    ),
    "the salt of a link": (
        "SELECT number FROM links WHERE tenant <> '' AND length(salt) > 0 ORDER BY number LIMIT 1",
        "UPDATE links SET salt = zeroblob(16) WHERE tenant <> '' AND number = ?",
        tuple,
    ),
    "who erased": (
        "SELECT number, note FROM links WHERE note LIKE '%\"erased\"%' ORDER BY number LIMIT 1",
        "UPDATE links SET note = ? WHERE tenant <> '' AND number = ?",
        lambda row: (row[1].replace('"asked_by":""', '"asked_by":"eve"'), row[0]),
    ),
    "what the links are over": (
        "SELECT number, note FROM links WHERE note LIKE '%\"erased\"%' ORDER BY number LIMIT 1",
        "UPDATE links SET note = ? WHERE tenant <> '' AND number = ?",
        lambda row: (re.sub(r'\["[0-9a-f]{64}"', f'["{"0" * 64}"', row[1], count=1), row[0]),
    ),
    "up to where it was erased": (
        "SELECT value FROM facts WHERE name = 'tenant/default/erased_through'",
        "UPDATE facts SET value = ?, checksum = ? WHERE name = 'tenant/default/erased_through'",
        lambda row: (1, named_checksum("tenant/default/erased_through", 1)),
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found_all_the_same(what, erased, tmp_path):
    folder = Path(shutil.copytree(erased[0], tmp_path / "data"))
    assert verify(folder).problem == ""
    changed(folder, *TAMPERED[what])
    report = verify(folder)
    assert report.error in ("ChainBroken", "JournalDamaged"), report.problem


def test_without_the_snapshot_of_then_it_cannot_be_replayed_and_that_is_said(erased, tmp_path):
    folder = Path(shutil.copytree(erased[0], tmp_path / "data"))
    shutil.rmtree(folder / "snapshots")
    assert "a customer was erased" in verify(folder).problem
    with pytest.raises(JournalDamaged, match="a customer was erased from the commands up to"):
        recover(SqliteJournal.open_to_read(folder), "default", engine_maker("compiled"))


def test_a_restore_goes_back_to_the_erasure_and_not_before(erased, tmp_path):
    data_dir, seq = erased
    back_up(data_dir, tmp_path / "backup")
    states = restore(tmp_path / "backup", tmp_path / "then", moment=Moment(to_seq=seq + 1))
    assert states["default"].last_seq == seq + 1
    report = verify(tmp_path / "then")
    assert (report.problem, [each["seq"] for each in report.erasures]) == ("", [seq])
    with pytest.raises(BackupFailed, match="does not reach back so far"):
        restore(tmp_path / "backup", tmp_path / "before", moment=Moment(to_seq=seq - 1))


def test_the_file_of_a_tenant_has_nothing_of_the_customer_and_is_taken_in(erased, tmp_path):
    data_dir, seq = erased
    pack_tenant(data_dir, "default", tmp_path / "packed", {}, "compiled")
    prove_tenant(tmp_path / "packed" / "tenant.acd", tmp_path / "parts", "compiled")
    assert found_in(tmp_path / "parts", SECRETS) == set()
    assert SqliteJournal.open_to_read(tmp_path / "parts").facts_of("default")[ERASED] == seq
    assert verify(tmp_path / "parts").problem == ""


def test_an_erasure_that_was_begun_goes_with_the_tenant(erased, tmp_path):
    folder = Path(shutil.copytree(erased[0], tmp_path / "data"))
    journal = SqliteJournal.open(folder)
    journal.put_fact("default", ERASING, erased[1] - 1)
    journal.close()
    pack_tenant(folder, "default", tmp_path / "packed", {}, "compiled")
    prove_tenant(tmp_path / "packed" / "tenant.acd", tmp_path / "parts", "compiled")
    facts = _erased_in(tmp_path / "parts", "default")
    assert facts == {ERASED: erased[1], ERASING: erased[1] - 1}


@pytest.fixture(scope="module")
def full(make_shared_service):
    """A directory with the customer in it."""
    service = make_shared_service()
    made = Centre(service.start())
    made.open()
    for name in ("one", "two"):
        made.traffic(name)
    service.stop()
    return service.data_dir


STEPS = [pytest.param(step, marks=() if step in (1, 4, "aside") else pytest.mark.slow) for step in (*range(8), "aside")]


@pytest.mark.parametrize("step", STEPS)
def test_whenever_the_service_is_killed_the_next_one_finishes(step, full, make_service, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(full, tmp_path / "data"))
    monkeypatch.setenv("ACD_TEST_DIES_AT", str(step))
    failed_on = {"kind": "ENQUEUE_CONTACT", "command": "EnqueueContact('never', customer_id='acme-17')", "at_ns": 1}
    (folder / "set_aside.jsonl").write_text(json.dumps({**failed_on, "error": "ValueError: 7"}) + "\n")
    program = (str(Path(__file__).with_name("dying_eraser_server.py")),)
    dying = Centre(make_service(data_dir=folder, program=program).start())
    with pytest.raises(grpc.RpcError):
        dying.erase()
    assert verify(folder).problem == ""
    began = ERASING in SqliteJournal.open_to_read(folder).facts_of("default")
    next_one = make_service(data_dir=folder)
    client = next_one.start()
    until = time.monotonic() + 60
    while ERASING in SqliteJournal.open_to_read(folder).facts_of("default") and time.monotonic() < until:
        time.sleep(0.1)
    client.enqueue("next")
    if not began and step == 0:
        # Before its first step; the directory alone had forgotten the customer.
        assert {word for name, word in found_in(folder, SECRETS) if name.startswith("customers")} == set()
        Centre(client).erase()
    next_one.stop()
    assert found_in(folder, SECRETS) == set()
    report = verify(folder)
    assert (report.problem, len(report.erasures)) == ("", 1)


def test_the_command_of_the_page_says_what_was_erased(centre):
    (customer_id,) = re.findall(r"^acd customers erase (\S+)$", PAGE, re.MULTILINE)
    centre.client.enqueue("c", customer_id=customer_id)
    for options, said in ((["--json"], '"contacts": 1'), ([], "0 contacts, 1 commands and 0 events")):
        ran = CliRunner().invoke(customers_group, ["erase", customer_id, "--server", centre.service.address, *options])
        assert (ran.exit_code, said in " ".join(ran.stdout.split())) == (0, True), ran.output
    checked = CliRunner().invoke(verify_command, [str(centre.service.data_dir)])
    assert checked.exit_code == 0
    assert checked.stdout.count("a customer of default, up to command") == 2


def test_the_directory_is_not_called_forgotten_while_a_reader_keeps_its_log(centre, monkeypatch):
    reader = apsw.Connection(str(centre.service.data_dir / "customers.sqlite"))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM customers").fetchall()
    with pytest.raises(grpc.RpcError) as caught:
        centre.erase()
    assert "directory" in caught.value.details()
    reader.close()
    centre.erase()
    assert found_in(centre.service.data_dir, SECRETS) == set()


def test_commits_wait_no_longer_than_a_moment_for_readers_that_keep_the_log(tmp_path):
    journal = SqliteJournal.open(tmp_path)
    journal.admit("default", 1)
    reader = apsw.Connection(str(tmp_path / "journal.sqlite"))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM facts").fetchall()
    began_s = time.monotonic()
    assert not journal.wipe_log()
    assert time.monotonic() - began_s < 2
    reader.close()
    assert journal.wipe_log()
    journal.close()


def test_who_asked_is_told_when_the_tenant_stops_meanwhile():
    class Stuck(Eraser):
        async def _erase(self, customer_id, asking, request_id):
            await asyncio.Event().wait()

    async def ask():
        eraser = Stuck(*[None] * 8)
        asked = asyncio.create_task(eraser.erase("acme-17", Asking()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await eraser.stop()
        with pytest.raises(ErasureUnfinished, match="stopping"):
            await asked

    asyncio.run(ask())


def entries_of(folder: Path) -> list[str]:
    """What the engine failed on, by the ids of the contacts."""
    lines = (folder / "set_aside.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted("+".join(json.loads(line)["contacts"]) for line in lines)


@pytest.mark.parametrize("customer_id", ["1", "o'neil", 'say "x"', "back\\slash", "wide\u3000space", "c"])
def test_entries_go_that_are_about_the_customer(customer_id, tmp_path):
    engine = Engine()
    engine.apply(1, ApplyPolicy(Policy(queues=(QueueSpec("sales"),))))
    engine.apply(1, EnqueueContact("live", "sales", customer_id=customer_id))
    engine.apply(1, EnqueueContact("live-other", "sales", customer_id="another"))
    aside = SetAside(tmp_path / "set_aside.jsonl")

    def fail(command, error=""):
        try:
            raise AssertionError(error or "an invariant of 1 or c does not hold in slot 11")
        except AssertionError as failure:
            aside.add(command, 1, 1, failure, whom_of(command, engine))

    sent = EnqueueContact("looked-up", "sales")
    by_address = known_contact(sent, "+491", Customer(customer_id))
    theirs = [EnqueueContact("own", "sales", customer_id=customer_id), by_address, CancelContact("live")]
    theirs += [ForgetCustomer(customer_id, ("over",)), CancelContact("gone")]
    others = [EnqueueContact("o1", "sales", customer_id="another"), CancelContact("live-other"), CancelContact("o11")]
    for command in theirs + others:
        fail(command, "slot 11")
    fail(EnqueueContact("told", "sales"), f"nobody serves {customer_id!r}")
    # Of another, who has the id of a contact that was the customer's before.
    fail(EnqueueContact("again", "sales", customer_id="another"), "slot 11")
    aside.erase(customer_id, ("gone", "again"))
    assert entries_of(tmp_path) == ["again", "live-other", "o1", "o11"]
    assert len(aside.entries) == len(SetAside(tmp_path / "set_aside.jsonl").entries) == 4
    aside.erase("", ("o11",))
    assert entries_of(tmp_path) == ["again", "live-other", "o1"]
    aside.erase("another", ())
    assert entries_of(tmp_path) == []


def test_an_entry_that_does_not_say_whom_it_is_about_goes_by_any_mention(tmp_path):
    path = tmp_path / "set_aside.jsonl"
    path.write_text(
        '{"kind": "TICK", "command": "Tick()", "about": "of contact acme-17", "at_ns": 1}\nno entry: acme-17\n'
    )
    aside = SetAside(path)
    aside.erase("acme-18", ())
    assert len(path.read_text().splitlines()) == 2
    aside.erase("acme-17", ())
    assert path.read_text() == ""


def test_what_is_set_aside_during_an_erasure_is_not_lost(tmp_path, monkeypatch):
    aside = SetAside(tmp_path / "set_aside.jsonl")
    for contact_id, customer_id in (("own", "acme-17"), ("other", "another")):
        command = EnqueueContact(contact_id, "sales", customer_id=customer_id)
        aside.add(command, 1, 1, ValueError(7), whom_of(command, Engine()))
    late = CancelContact("late")
    adding = threading.Thread(target=lambda: aside.add(late, 2, 2, ValueError(8), whom_of(late, Engine())))
    sync = os.fsync

    def add_now(descriptor):
        sync(descriptor)
        if adding.ident is None:
            adding.start()
        adding.join(0.3)  # it may have to wait for the end of this

    monkeypatch.setattr("acd_service.set_aside.os.fsync", add_now)
    aside.erase("acme-17", ())
    adding.join(20)
    assert entries_of(tmp_path) == ["late", "other"]
    assert len(aside.entries) == 2


def test_entries_that_went_stay_away_after_a_power_cut(tmp_path, monkeypatch):
    aside = SetAside(tmp_path / "set_aside.jsonl")
    command = EnqueueContact("own", "sales", customer_id="acme-17")
    aside.add(command, 1, 1, ValueError(7), whom_of(command, Engine()))
    synced = []
    monkeypatch.setattr(
        "acd_service.set_aside.os.fsync", lambda file: synced.append(os.readlink(f"/proc/self/fd/{file}"))
    )
    aside.erase("acme-17", ())
    assert synced == [str(tmp_path / "set_aside.unfinished"), str(tmp_path)]


def test_an_erasure_that_failed_is_not_taken_for_done_by_what_another_came_to(tmp_path):
    async def ask() -> None:
        shared = SharedByTenants()
        directory = CustomerDirectory(tmp_path / "customers.sqlite", "default", 10, shared)
        try:
            assert await directory.begin_to_erase("acme-17", "") is None
            assert not (tmp_path / "customers.sqlite").exists()
            assert await directory.begin_to_erase("acme-17", "erase-1") is None
            # That went no further. Now another customer is erased, by a request without an id.
            assert await directory.begin_to_erase("kunde-9", "") is None
            await directory.remember_erased(Erased(7, 1, 2, 3, 4))
            assert await directory.begin_to_erase("acme-17", "erase-1") is None
            await directory.remember_erased(Erased(8, 1, 2, 3, 4))
            assert await directory.begin_to_erase("acme-17", "erase-1") == Erased(8, 1, 2, 3, 4, True)
        finally:
            await directory.close()
            shared.stop()

    asyncio.run(ask())


def test_an_erasure_that_goes_on_knows_the_customers_contacts_from_others_of_the_same_id(
    make_service, tmp_path, monkeypatch
):
    monkeypatch.setenv("ACD_TEST_DIES_AT", "3")
    program = (str(Path(__file__).with_name("dying_eraser_server.py")),)
    dying = Centre(make_service(data_dir=tmp_path / "data", program=program).start())
    dying.open()
    dying.client.enqueue("same", customer_id="acme-17", attributes={"note": "born-1970"})
    cancel = contact_commands_pb2.CancelContactRequest(
        contact_id="same", reason=contact_commands_pb2.CancelContactRequest.REASON_ABANDONED
    )
    dying.client.routing.CancelContact(cancel)
    dying.client.enqueue("same", attributes={"note": "nobody-known"})
    dying.traffic("one")
    why = contact_pb2.Attributes(values={"why": "of-the-other"})
    dying.client.routing.UpdateContact(contact_commands_pb2.UpdateContactRequest(contact_id="same", attributes=why))
    dying.traffic("two")
    with pytest.raises(grpc.RpcError):
        dying.erase(request_id="erase-1")
    journal = SqliteJournal.open_to_read(tmp_path / "data")
    assert ERASING in journal.facts_of("default")
    assert verify(tmp_path / "data").erasures, "it was killed before anything was replaced"

    centre = Centre(make_service(data_dir=tmp_path / "data").start())
    erased = centre.erase(request_id="erase-1")
    assert (erased.duplicate, erased.contacts) == (True, 2 * 43 + 1)
    assert found_in(tmp_path / "data", SECRETS) == set()
    told = [event for event in centre.client.events_from(1) if event.WhichOneof("detail") == "contact_enqueued"]
    same = [event.contact_enqueued.attributes for event in told if event.contact_enqueued.contact_id == "same"]
    assert same == [{}, {"note": "nobody-known"}]
    kept = [record.content for record in SqliteJournal.open_to_read(tmp_path / "data").read("default", 1)]
    assert sum(b"nobody-known" in content for content in kept) == 1
    assert sum(b"of-the-other" in content for content in kept) == 1
    assert verify(tmp_path / "data").problem == ""


def test_asked_again_it_gives_the_first_answer_and_erases_nothing_that_came_since(centre, failure_of):
    service = centre.service
    centre.traffic("one")
    first = centre.erase(request_id="erase-1")
    assert (first.duplicate, first.contacts) == (False, 43)
    assert centre.erase(request_id="erase-0", customer_id="nobody").contacts == 0
    centre.client.enqueue("back", customer_id="acme-17", attributes={"note": "born-1970"})
    centre.directory.UpsertCustomers(
        customer_pb2.UpsertCustomersRequest(
            request_id="back", customers=[customer_pb2.Customer(customer_id="acme-17", display_name="Sekretaria")]
        )
    )
    seq = centre.client.status().seq
    for _ in range(2):
        again = centre.erase(request_id="erase-1")
        assert again.duplicate
        again.duplicate = False
        assert again == first
        assert centre.client.status().seq == seq
        service.kill()
        centre = Centre(service.start())
        seq += 1  # the service says that it is back
    for ask in (
        lambda: centre.erase(customer_id="kunde-9", request_id="erase-1"),
        lambda: centre.erase(request_id="back"),
        lambda: centre.directory.RemoveCustomers(
            customer_pb2.RemoveCustomersRequest(customer_ids=["acme-17"], request_id="erase-1")
        ),
    ):
        failure = failure_of(ask)
        assert (failure.reason, failure.field) == ("REQUEST_ID_REUSED", "request_id")
    assert failure_of(lambda: centre.erase(request_id="x" * 1_000)).field == "request_id"
    assert {word for _, word in found_in(service.data_dir, SECRETS)} == {"acme-17", "born-1970", "Sekretaria"}
    last = centre.erase(request_id="erase-2")
    assert (last.duplicate, last.contacts) == (False, 1)
    assert found_in(service.data_dir, SECRETS) == set()


def test_a_directory_of_the_format_before_remembers_erasures_too(centre):
    centre.service.stop()
    path = centre.service.data_dir / "customers.sqlite"
    directory = apsw.Connection(str(path))
    directory.execute("DROP TABLE erasures; ALTER TABLE customers DROP COLUMN checksum; PRAGMA user_version = 1")
    directory.close()
    again = Centre(centre.service.start())
    assert [again.erase(request_id="erase-1").duplicate for _ in range(2)] == [False, True]
    assert found_in(centre.service.data_dir, SECRETS) == set()
