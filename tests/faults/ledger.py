"""What the clients of a tenant were told over all the lives of a service, and what must hold because of it."""

from collections.abc import Iterable

from acd_core.commands import Command, SetAgentAside, SetContactAside
from acd_core.events import Answer
from acd_service import codec
from acd_service.engine_interface import EngineMaker, RoutingEngine
from acd_service.journal import CommandRecord, Journal
from acd_service.recovery import replay


class Broken(AssertionError):
    """A promise was not kept."""


class Ledger:
    """Knows nothing of how the service works: what was answered, what was streamed, what the journal holds."""

    def __init__(self, name: str = "", *, has_mishaps: bool = True) -> None:
        self.name = name
        self.has_mishaps = has_mishaps
        """Whether the tenant's engine trips up now and then."""
        self.asked: set[str] = set()
        self.batches: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        """Those that were dispatched, by name: what was sent, and the requests of which all or none must be done."""
        self.dispatched: set[str] = set()
        """Those that were answered."""
        self.cursed: set[str] = set()
        """Contacts and agents whose timers the engine trips over."""
        self.cursed_aside = 0
        self.acknowledged: dict[str, tuple[Command, Answer]] = {}
        self.unanswered: dict[str, Command] = {}
        self.events: dict[int, bytes] = {}
        self.commands: dict[int, CommandRecord] = {}
        self.filtered: list[tuple[int, int, list[int]]] = []
        self.tripping: set[str] = set()
        """Requests that the engine trips over."""
        self.set_aside = 0
        self.last_seen = 0
        self.numbers = 0

    def asks(self, command: Command) -> None:
        """A client sends a command."""
        self.asked.add(command.request_id)
        self.unanswered[command.request_id] = command

    def acknowledge(self, command: Command, answer: Answer) -> None:
        """An answer came."""
        self.unanswered.pop(command.request_id, None)
        known = self.acknowledged.get(command.request_id)
        if known is None:
            self.acknowledged[command.request_id] = (command, answer)
        elif (known[1].seq, known[1].contact_id) != (answer.seq, answer.contact_id):
            raise Broken(f"{command.request_id} was answered with seq {known[1].seq}, now with {answer.seq}")

    def refused(self, command: Command, reason: str) -> None:
        """A refusal came, or another answer that says that nothing was done."""
        self.unanswered.pop(command.request_id, None)
        if command.request_id in self.acknowledged:
            raise Broken(f"{command.request_id} was acknowledged and is now refused: {reason}")

    def see(self, event_seq: int, content: bytes) -> None:
        """An event came in a stream."""
        if self.events.setdefault(event_seq, content) != content:
            raise Broken(f"event {event_seq} is not the one that was seen before")
        self.last_seen = max(self.last_seen, event_seq)

    def collect(self, journal: Journal, tenant: str) -> None:
        """Look at what the journal holds: it must not have changed."""
        oldest = journal.extent(tenant).oldest_seq
        last = 0
        for record in journal.read(tenant, max(oldest, 1)):
            if self.commands.setdefault(record.seq, record) != record:
                raise Broken(f"command {record.seq} is not the one that was there before")
            last = record.seq
        if self.commands and last < max(self.commands):
            raise Broken(f"command {max(self.commands)} was durable, now {last} is the last")

    def check_recovered(self, engine: RoutingEngine) -> None:
        """A service has come up again."""
        if engine.event_seq < self.last_seen:
            raise Broken(f"event {self.last_seen} was seen, now {engine.event_seq} is the last")
        last = max((answer.seq for _, answer in self.acknowledged.values()), default=0)
        if engine.seq < last:
            raise Broken(f"command {last} was acknowledged, now {engine.seq} is the last")

    def check_history(self, make: EngineMaker, seed: int, engine: RoutingEngine) -> None:
        """At the end: the commands, replayed from the first, give what was seen and what stands."""
        if sorted(self.commands) != list(range(1, engine.seq + 1)):
            raise Broken(f"of {engine.seq} commands the journal had {len(self.commands)}")
        fresh, seqs, at_ns = make(seed), dict[str, int](), 0
        for seq in sorted(self.commands):
            record = self.commands[seq]
            _, _, command = codec.decode_record(record.content)
            if isinstance(command, SetContactAside | SetAgentAside):
                self.check_aside(command)
            if command.request_id:
                if command.request_id not in self.asked:
                    raise Broken(f"{command.request_id} is done, which nobody asked of {self.name}")
                if command.request_id in seqs:
                    raise Broken(f"{command.request_id} was done twice, as {seqs[command.request_id]} and {seq}")
                seqs[command.request_id] = seq
            if command.request_id in self.tripping:
                raise Broken(f"{command.request_id}, which the engine trips over, is in the journal")
            if record.at_ns < at_ns:
                raise Broken(f"command {seq} is earlier than the one before")
            at_ns = record.at_ns
            for event in replay(fresh, record).events:
                if codec.encode_event(event) != self.events.get(event.event_seq, codec.encode_event(event)):
                    raise Broken(f"event {event.event_seq} was seen otherwise than the commands give it")
        if (fresh.state_digest(), fresh.event_hash) != (engine.state_digest(), engine.event_hash):
            raise Broken("the engine is not what a replay of its commands gives")
        for request_id, (_, answer) in self.acknowledged.items():
            if seqs.get(request_id) != answer.seq:
                raise Broken(
                    f"{request_id} was acknowledged as {answer.seq}, the journal has it as {seqs.get(request_id)}"
                )

        for name, (_, request_ids) in self.batches.items():
            done = [seqs[request_id] for request_id in request_ids if request_id in seqs]
            if len(done) != len(request_ids) and (done or name in self.dispatched):
                raise Broken(f"of {len(request_ids)} commands of {name} {len(done)} are done")
            if done and done != list(range(done[0], done[0] + len(done))):
                raise Broken(f"the commands of {name} are done as {done}")

    def check_aside(self, command: SetContactAside | SetAgentAside) -> None:
        """Only who the engine trips over is set aside."""
        about = command.contact_id if isinstance(command, SetContactAside) else command.agent_id
        self.cursed_aside += 1
        if about not in self.cursed:
            raise Broken(f"set aside, for no reason: {about}")

    def check_filtered(self, wanted: Iterable[int]) -> None:
        """Each stream with a filter told all that it wanted between where it began and where it said it was."""
        wanted = sorted(wanted)
        for begin, end, told in self.filtered:
            due = [event_seq for event_seq in wanted if begin <= event_seq < end]
            if due != told:
                raise Broken(f"a filtered stream of events {begin} to {end - 1} told {len(told)} of {len(due)}")
