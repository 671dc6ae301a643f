"""The routers on Redis and PostgreSQL decide as the reference engine does; the comparison notices if one does not."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acd_core.commands import ApplyPolicy, UpsertAgents
from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine

pytest.importorskip("hiredis")
pytest.importorskip("psycopg")

from bench.peers import __main__ as command_line
from bench.peers.calls import Call, Catalogue, NotForPeers
from bench.peers.comparison import PAIRS, Size, compare, targets
from bench.peers.postgres_router import PeerRefused as PostgresRefused
from bench.peers.postgres_router import PostgresRouter, inconsistencies, load
from bench.peers.postgres_server import PostgresServer
from bench.peers.private_server import Missing
from bench.peers.redis_router import PeerRefused as RedisRefused
from bench.peers.redis_router import RedisRouter
from bench.peers.same_stream import SameStream, follow
from bench.peers.side_by_side import SideBySide
from bench.peers.sides import RedisSide, WrongAssignments
from bench.recording import SEED
from bench.workload import SMALL, record

CROWDED = replace(SMALL, agents=20, waiting=40, cancel_thousandths=150, reskill_thousandths=60, away_thousandths=150)
"""Agents choose among contacts."""
QUIET = replace(CROWDED, waiting=0, busy_thousandths=500)
"""Contacts choose among agents; who hangs up is offered."""
COMMANDS = 1_500


@pytest.fixture(scope="module", params=[CROWDED, QUIET], ids=["crowded", "quiet"])
def stream(request: pytest.FixtureRequest) -> SameStream:
    start, steady = record(request.param, SEED, Engine(SEED), COMMANDS)
    return follow(ReferenceEngine(SEED), start, steady)


@pytest.fixture
def place() -> Iterator[Path]:
    """Short, as paths of sockets have to be."""
    found = Path(tempfile.mkdtemp(prefix="peers"))
    found.chmod(0o755)
    yield found
    shutil.rmtree(found, ignore_errors=True)


@pytest.fixture
def redis(place: Path) -> Iterator[RedisRouter]:
    try:
        router = RedisRouter(place, "always", tells=True)
    except Missing as missing:
        pytest.skip(str(missing))
    with router:
        yield router


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    place = Path(tempfile.mkdtemp(prefix="peers"))
    place.chmod(0o755)
    try:
        server = PostgresServer(place)
    except (Missing, RuntimeError) as missing:
        pytest.skip(str(missing))
    with server:
        yield server
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def database(postgres: PostgresServer, stream: SameStream, request: pytest.FixtureRequest) -> str:
    name = "".join(letter for letter in request.node.name if letter.isalnum()).lower()
    load(postgres, name, stream.state, stream.catalogue)
    return name


def test_the_stream_decides_something_of_every_kind(stream: SameStream) -> None:
    kinds = {call.name for call, offers in zip(stream.calls, stream.offers, strict=True) if offers}
    assert {"finish", "presence"} <= kinds or "arrive" in kinds
    assert {call.name for call in stream.calls} == {
        "arrive", "accept", "cancel", "complete", "finish", "presence", "reskill",
    }  # fmt: skip


def test_redis_decides_as_the_reference(redis: RedisRouter, stream: SameStream) -> None:
    redis.load(stream.state, stream.catalogue)
    requests = redis.prepare(stream.calls)
    redis.depth = 64
    assert redis.run(requests[:700]) == stream.offers_of(0, 700)
    assert redis.run(requests[700:]) == stream.offers_of(700, COMMANDS)
    assert redis.events_written() == COMMANDS + len(stream.offers_of(0, COMMANDS))


def test_redis_refuses_what_is_out_of_place(redis: RedisRouter, stream: SameStream) -> None:
    redis.load(stream.state, stream.catalogue)
    for name, values in (("accept", (1, 10**6, 1, 1)), ("complete", (1, 10**6)), ("finish", (1, 10**6, 1))):
        with pytest.raises(RedisRefused):
            redis.run(redis.prepare([Call(name, values)]))


def test_postgres_decides_as_the_reference_in_batches(
    postgres: PostgresServer, database: str, stream: SameStream
) -> None:
    with PostgresRouter(postgres, database) as router:
        assert router.run(stream.calls) == stream.offers_of(0, COMMANDS)


def test_postgres_decides_as_the_reference_command_by_command(
    postgres: PostgresServer, database: str, stream: SameStream
) -> None:
    with PostgresRouter(postgres, database, is_synchronous=False) as router:
        for call, offers in zip(stream.calls, stream.offers, strict=True):
            made = router.call(call.name, *call.values)
            assert ([made] if made else []) == offers
        with pytest.raises(PostgresRefused, match="OFFER_NOT_LIVE"):
            router.call("accept", 1, 10**6, 1, 1)
    with postgres.connect(database) as connection:
        assert inconsistencies(connection) == 0


def test_callers_on_postgres_do_not_get_in_each_others_way(
    postgres: PostgresServer, database: str, stream: SameStream
) -> None:
    callers = SideBySide(postgres, database, CROWDED, stream, is_synchronous=False)
    callers.connections = 3
    assert callers.run(300).calls >= 300
    callers.check()
    with postgres.connect(database) as connection:
        connection.execute("UPDATE agents SET contact = NULL WHERE agent = (SELECT max(agent) FROM contacts)")
    with pytest.raises(AssertionError, match="not in order"):
        callers.check()


def test_a_side_that_decides_otherwise_is_noticed(redis: RedisRouter, stream: SameStream) -> None:
    redis.load(stream.state, stream.catalogue)
    place = next(place for place, offers in enumerate(stream.offers) if place < 256 and offers)
    (contact, agent, offer), *_ = stream.offers[place]
    others = [*stream.offers]
    others[place] = [(contact, agent + 1, offer)]
    with pytest.raises(WrongAssignments):
        RedisSide(redis, replace(stream, offers=others)).turn(0, 1)


def test_what_the_peers_cannot_do_is_refused() -> None:
    start, steady = record(replace(SMALL, preferred_thousandths=500), SEED, Engine(SEED), 300)
    catalogue = Catalogue()
    commands = [timed for timed in start + steady if not isinstance(timed[1], ApplyPolicy | UpsertAgents)]
    with pytest.raises(NotForPeers):
        catalogue.all_calls(commands)


@pytest.mark.parametrize("peers", [(), ("redis",)], ids=["ours", "redis"])
def test_a_short_comparison(peers: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    if peers:
        request.getfixturevalue("redis")  # skips where there is none
    said: list[str] = []
    found = compare(SMALL, peers, Size(turns=1, messages=8, share=4), said.append)
    assert {"ours_full", "ours_normal", "ours_off"} <= found["sides"].keys()
    assert all(side["commands_per_s"] > 0 for side in found["sides"].values())
    assert found["ratios"].keys() == set(peers)
    for ratios in found["ratios"].values():
        assert {"ratio_journalled", "ratio_always", "ratio_everysec", "ratio_not_journalled"} <= ratios.keys()
    assert said


def test_each_ratio_is_documented() -> None:
    page = (Path(__file__).resolve().parents[2] / "bench" / "README.md").read_text()
    for peer, pairs in PAIRS.items():
        for name in pairs:
            assert f"`{peer}.<name>.ratio_{name}`" in page


def test_targets_are_judged_by_ratios_at_their_defaults() -> None:
    found: dict[str, Any] = {"redis": {"profiles": {"ratio_journalled": 30.0}}, "postgres": {}}
    assert [each["met"] for each in targets(found)] == [True, None]
    found = {"redis": {"profiles": {"ratio_journalled": 29.9}}, "postgres": {"profiles": {"ratio_journalled": 300.0}}}
    assert [each["met"] for each in targets(found)] == [False, True]


def test_a_missing_server_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert command_line.main(["--peer", "redis", "--quick"]) == 2
    assert "apt-get install redis-server" in capsys.readouterr().err
