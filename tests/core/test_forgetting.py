"""ForgetCustomer: what routing has of a customer goes, and nobody's place changes."""

from collections.abc import Callable
from typing import Any

import pytest

from acd_core.commands import ApplyPolicy, EnqueueContact, ForgetCustomer, UpdateContact
from acd_core.digest import hash_text, mix_word
from acd_core.enums import EventType
from acd_core.limits import CONTACTS_PER_COMMAND_MAX, FORGOTTEN_ADDRESS
from acd_core.policy import Policy, PreferencePolicy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_core.snapshot import decode

Play = Callable[..., Any]
S = 10**9
ORIGIN_NS = 1_600_000_000 * S
REMEMBERING = Policy(
    queues=(QueueSpec("sales"),),
    preference=PreferencePolicy(last_agent_window_ms=100_000, agent_of_other_contact=True),
)


def test_live_contacts_go_on_in_their_place_without_the_customer(play: Play) -> None:
    engine = play(
        """
        0 | policy remembering                           | policy 1
        1 | enqueue c1 sales customer=zoe attributes=vip | c1 enqueued
        2 | enqueue c2 sales customer=kim                | c2 enqueued
        3 | enqueue c3 sales customer=zoe callback=+491  | c3 enqueued, c3 callback +491
        4 | forget zoe over                              | c1 forgotten, c3 forgotten, over forgotten
        4 | forget zoe                                   | nobody forgotten
        5 | agent ann                                    | ann added
        5 | ann ready                                    | ann ready, c1 offered ann #1
        """,
        remembering=REMEMBERING,
    ).engine
    assert [(view.customer_id, view.attributes) for view in engine.contacts()] == [("", b""), ("kim", b""), ("", b"")]
    assert engine.contact("c3").callback_address == FORGOTTEN_ADDRESS
    snapshot = engine.snapshot()
    assert b"zoe" not in snapshot
    assert b"+491" not in snapshot
    assert b"vip" not in snapshot
    assert type(engine).restore(snapshot).snapshot() == snapshot


def test_who_served_the_customer_is_forgotten_and_of_others_it_is_not(play: Play) -> None:
    play(
        """
          0 | policy remembering                    | policy 1
          1 | agent ann                             | ann added
          1 | agent bob                             | bob added
          1 | agent eve                             | eve added
          2 | eve ready                             | eve ready
          3 | enqueue c1 sales customer=zoe         | c1 enqueued, c1 offered eve #1
          3 | eve accepts c1                        | c1 accepted eve #1
          4 | complete c1                           | c1 completed eve, c1 closed handled
          5 | enqueue c2 sales customer=kim         | c2 enqueued, c2 offered eve #2
          5 | eve accepts c2                        | c2 accepted eve #2
          6 | complete c2                           | c2 completed eve, c2 closed handled
          7 | ann ready                             | ann ready
          8 | forget zoe c1                         | c1 forgotten
        # Eve has been idle for longest; that she is preferred is said of the one who is remembered.
          9 | enqueue c3 sales customer=kim         | c3 enqueued, c3 offered eve #3 why=preferred
          9 | enqueue c4 sales customer=zoe         | c4 enqueued, c4 offered ann #4 why=turn
        """,
        remembering=REMEMBERING,
    )


def test_the_customers_other_contact_is_known_no_more(play: Play) -> None:
    engine = play(
        """
          0 | policy remembering                    | policy 1
          1 | agent ann cap=300                     | ann added
          2 | ann ready                             | ann ready
          3 | enqueue c1 sales customer=zoe         | c1 enqueued, c1 offered ann #1
          3 | ann accepts c1                        | c1 accepted ann #1
          4 | forget zoe                            | c1 forgotten
          5 | enqueue c2 sales customer=zoe         | c2 enqueued, c2 offered ann #2 why=turn
          6 | complete c1                           | c1 completed ann, c1 closed handled
        """,
        remembering=REMEMBERING,
    ).engine
    assert b"zoe" in engine.snapshot()  # who calls again is a customer again


def test_the_running_hash_starts_anew(engine_class: Any) -> None:
    """Nothing that was hashed before goes into what comes after it."""
    after = []
    for attributes in (b"one", b"another"):
        engine = engine_class(7)
        engine.apply(ORIGIN_NS, ApplyPolicy(REMEMBERING))
        engine.apply(ORIGIN_NS, EnqueueContact("c", "sales", customer_id=f"zoe-{attributes.decode()}"))
        before = engine.event_hash
        engine.apply(ORIGIN_NS + 1, ForgetCustomer(f"zoe-{attributes.decode()}"))
        after.append((engine.event_hash, engine.state_digest()))
        assert engine.event_hash != before
    assert after[0] == after[1]
    word = 0
    for value in (EventType.CUSTOMER_FORGOTTEN, engine.event_seq, engine.seq, engine.now_ns, hash_text("c")):
        word = mix_word(word, value)
    assert engine.event_hash == word


def test_a_repeated_request_about_the_customer_is_known_by_its_id_alone(engine_class: Any) -> None:
    engine = engine_class(0)
    engine.apply(ORIGIN_NS, ApplyPolicy(REMEMBERING))
    first = engine.apply(ORIGIN_NS, EnqueueContact("c", "sales", customer_id="zoe", request_id="r1"))
    engine.apply(ORIGIN_NS, EnqueueContact("d", "sales", customer_id="kim", request_id="r2"))
    words = {request["request_id"]: request["content_word"] for request in decode(engine.snapshot())["requests"]}
    engine.apply(ORIGIN_NS + 1, ForgetCustomer("zoe", request_id="r3"))
    left = {request["request_id"]: request["content_word"] for request in decode(engine.snapshot())["requests"]}
    assert words["r1"]
    assert (left["r1"], left["r2"]) == (0, words["r2"])
    again = engine.apply(ORIGIN_NS + 2, EnqueueContact("c", "sales", customer_id="zoe", request_id="r1"))
    assert (again.duplicate, again.seq, again.contact_id) == (True, first.seq, "c")
    assert engine.apply(ORIGIN_NS + 2, ForgetCustomer("zoe", request_id="r3")).duplicate
    with pytest.raises(Refused) as refused:
        engine.apply(ORIGIN_NS + 2, EnqueueContact("d", "sales", customer_id="zoe", request_id="r2"))
    assert refused.value.reason is Reason.REQUEST_ID_REUSED
    # Without a request id nothing can tell that it is the same any more.
    with pytest.raises(Refused) as refused:
        engine.apply(ORIGIN_NS + 2, EnqueueContact("c", "sales", customer_id="zoe"))
    assert refused.value.reason is Reason.CONTACT_EXISTS
    engine.apply(ORIGIN_NS + 3, UpdateContact("c", attributes=b"new"))
    assert engine.contact("c").attributes == b"new"


def test_what_is_wrong_in_itself_is_refused_by_name() -> None:
    cases: list[tuple[tuple[Any, ...], Reason, str]] = [
        (("",), Reason.EMPTY, "customer_id"),
        (("zoe", ("c", "")), Reason.EMPTY, "contact_ids[1]"),
        (("zoe", ("c", "c")), Reason.DUPLICATE_ENTRY, "contact_ids[1]"),
        (("zoe", tuple(f"c{n}" for n in range(CONTACTS_PER_COMMAND_MAX + 1))), Reason.TOO_MANY, "contact_ids"),
    ]
    for arguments, reason, field in cases:
        with pytest.raises(Refused) as refused:
            ForgetCustomer(*arguments)
        assert (refused.value.reason, refused.value.field) == (reason, field)
