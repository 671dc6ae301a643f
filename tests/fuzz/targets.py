"""What reads from outside, each as a function of bytes that returns whether they were taken; anything that it raises is
a fault. Used by the short runs of the suite, by `make torture` and by a coverage-guided fuzzer (`fuzz.guided`).
"""

import io
from collections.abc import Callable, Mapping
from typing import Final

from google.protobuf.message import DecodeError

from acd.v1.command_pb2 import Command as CommandMessage
from acd_core.engine import Engine
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Refused
from acd_core.requirement import parse
from acd_core.snapshot import BadSnapshot
from acd_service import codec
from acd_service.codec.chunks import commands_in, events_in
from acd_service.codec.event_reader import EventReader
from acd_service.codec.requests import batch_command_of
from acd_service.codec.wire_reader import CommandReader
from acd_service.customers.customer_file import read_customers
from acd_service.policy_file import parse_policy
from acd_service.roster_file import read_agents
from acd_service.row_file import RefusedRow
from acd_service.yaml_document import BadFile, decoded

_reader: Final = CommandReader()
_events: Final = EventReader()


def requirement(data: bytes) -> bool:
    """What is read prints as text that is read as what prints the same (`and` within `and` needs no parentheses)."""
    try:
        node = parse(data.decode("utf-8", "surrogateescape"))
    except Refused:
        return False
    assert str(parse(str(node))) == str(node)
    return True


def policy_file(data: bytes) -> bool:
    """Problems have a place in the file."""
    try:
        parse_policy(decoded(data, "policy"))
    except BadFile as bad:
        assert bad.problems
        assert all(problem.line >= 1 and problem.column >= 1 for problem in bad.problems)
        return False
    return True


def roster_csv(data: bytes) -> bool:
    rows = list(read_agents(_text(data), json_lines=False))
    return not any(isinstance(row, RefusedRow) for row in rows)


def roster_json(data: bytes) -> bool:
    rows = list(read_agents(_text(data), json_lines=True))
    return not any(isinstance(row, RefusedRow) for row in rows)


def customers_csv(data: bytes) -> bool:
    rows = list(read_customers(_text(data), json_lines=False))
    return not any(isinstance(row, RefusedRow) for row in rows)


def customers_json(data: bytes) -> bool:
    rows = list(read_customers(_text(data), json_lines=True))
    return not any(isinstance(row, RefusedRow) for row in rows)


def command(data: bytes) -> bool:
    """What the compiled reader reads, the plain codec reads as the same."""
    quick = _reader.command(data)
    try:
        plain = codec.decode_command(data)
    except codec.BadRecord:
        assert quick is None, "the compiled reader takes what the plain one refuses"
        return False
    assert quick is None or quick == plain
    assert quick is None or codec.encode_command(quick) == codec.encode_command(plain)
    return True


def batched_command(data: bytes) -> bool:
    """An entry of a batch as the plain codec reads it: taken or refused by name."""
    try:
        batch_command_of(CommandMessage.FromString(data))
    except (DecodeError, Refused):
        return False
    return True


def event(data: bytes) -> bool:
    """What the compiled reader reads, the plain codec reads as the same."""
    quick = _events.event(data)
    try:
        plain = codec.decode_event(data)
    except codec.BadRecord:
        assert quick is None
        return False
    assert quick is None or quick == plain
    return True


def chunk(data: bytes) -> bool:
    taken = False
    for read in (commands_in, events_in):
        try:
            read(data)
            taken = True
        except ValueError:
            pass
    return taken


def snapshot(data: bytes) -> bool:
    """What a reader takes it can write and read again. The content of a file is looked at behind its checksum only."""
    taken = False
    for kind in (Engine, ReferenceEngine):
        try:
            written = kind.restore(data).snapshot()
        except BadSnapshot:
            continue
        assert kind.restore(written).snapshot() == written
        taken = True
    return taken


def _text(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="surrogateescape", newline="")


TARGETS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    each.__name__: each
    for each in (
        requirement, policy_file, roster_csv, roster_json, customers_csv, customers_json, command, batched_command,
        event, chunk, snapshot,
    )
}  # fmt: skip
