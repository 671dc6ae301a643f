"""A seed's story: some lives of a service, each with a fault and an end of its own, and what must hold after each."""

import asyncio
import gc
import hashlib
import logging
import os
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from faults.callers import WANTED, caller, choosy, dispatcher, flood, keeper, planner, subscriber
from faults.canaries import SOUND, Parts
from faults.clockwork import Killed, SimulatedLoop, SimulatedTime, Stuck
from faults.disk import Disk
from faults.house import CURSED, House
from faults.landlord import GONE, Register, landlord
from faults.ledger import Broken, Ledger
from faults.life import GUEST, NARROW, Life, settings

from acd_core.commands import Command
from acd_core.enums import EventType
from acd_core.events import Answer
from acd_service import clock as clock_module
from acd_service import long_work
from acd_service.journal import TENANT_DEFAULT, JournalError
from acd_service.recovery import recover, replay
from acd_service.service_error import QuotaExceeded, Stopping, TenantSuspended

HOUR_NS = 3_600 * 10**9
BEGAN_NS = 1_700_000_000 * 10**9
ENDS = ("kill", "kill", "power cut", "power cut", "kill in a write", "power cut in a write", "full disk", "disk errors")
MEMORY = Path("/dev/shm")
ASKED_AT_ONCE = 32


@dataclass
class Story:
    """What happened, for whoever reads the failure; `trace`, over each step, is the same for the same seed."""

    seed: int
    lives: int = 0
    steps: int = 0
    commands: int = 0
    events: int = 0
    retries: int = 0
    set_aside: int = 0
    timers_aside: int = 0
    batches: int = 0
    done_apart: int = 0
    tenants_moved: int = 0
    failed_operations: int = 0
    refused_starts: int = 0
    ends: tuple[str, ...] = ()
    problem: str = ""
    trace: str = ""


def run_seed(seed: int, parts: Parts = SOUND, engine: str = "compiled") -> Story:
    """Live through a seed. `problem` says which promise was broken, in which life; it is empty if none was."""
    story = Story(seed)
    logging.disable(logging.CRITICAL)  # services that go down complain, and here they all do
    folder = Path(tempfile.mkdtemp(prefix="acd-faults-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        with _garbage_kept():
            _World(story, parts, engine, folder).live()
    except (Broken, Stuck) as broken:
        story.problem = f"life {story.lives} ({story.ends[-1]}): {broken}"
    except Exception as error:
        story.problem = f"life {story.lives} ({story.ends[-1]}): {type(error).__name__}: {error}"
    finally:
        logging.disable(logging.NOTSET)
        shutil.rmtree(folder, ignore_errors=True)
    return story


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """The collector runs when so much was allocated, by whomever: what it would end is ended at no step of a life, but
    after all of them.
    """
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        gc.enable()


class _World:
    def __init__(self, story: Story, parts: Parts, engine: str, folder: Path) -> None:
        self.story, self.parts, self.folder = story, parts, folder
        self.draw = random.Random(story.seed)
        self.time = SimulatedTime(BEGAN_NS)
        self.disk = Disk(self.draw)
        self.has_mishaps = self.draw.random() < 0.7
        self.ledgers = _Ledgers(self.has_mishaps)
        self.register = Register(GUEST, stands=GONE)
        self.config = settings(folder, engine, self.draw)
        self.trace = hashlib.blake2b(digest_size=8)

    def live(self) -> None:
        # What takes long is done apart, which here is little.
        much = {"AGENTS_MAX": self.draw.choice((0, 250)), "CONTACTS_MAX": self.draw.choice((0, 5, 5_000))}
        with patch.object(clock_module, "time", self.time), patch.multiple(long_work, **much):
            for end in [self.draw.choice(ENDS) for _ in range(self.draw.randint(2, 5))]:
                self.one_life(end)
            self.one_life("orderly")
        for ledger in self.ledgers.every:
            self.story.commands += len(ledger.commands)
            self.story.events += len(ledger.events)
            self.story.set_aside += ledger.set_aside
            self.story.timers_aside += ledger.cursed_aside
            self.story.batches += len(ledger.dispatched)
        self.story.tenants_moved = self.register.orders
        self.story.trace = self.trace.hexdigest()

    def one_life(self, end: str) -> None:
        story, draw, disk = self.story, self.draw, self.disk
        story.lives += 1
        story.ends += (end,)
        slow_s = draw.choice((0.001, 0.02, 0.3))
        loop = SimulatedLoop(draw, slow_s, is_dead=lambda: disk.dead, note=lambda *step: self._note(*step, disk))
        self.time.step_ns += draw.choice((0, 0, HOUR_NS, -HOUR_NS)) + 10**9
        self.time.loop = loop
        life = Life(self.parts, self._move(), loop, disk, self.ledgers, draw)
        if end in ("kill", "power cut"):
            loop.kill_at_step = int(10 ** draw.uniform(0.5, 3.7))
        elif end.endswith("in a write"):
            disk.dies_at = int(10 ** draw.uniform(0.0, 3.5))
        try:
            loop.run_until_complete(self._run(life, end))
        except Killed:
            pass
        except Stopping:
            if not disk.failed:
                raise
        except JournalError:
            if not (disk.dead or disk.failed):
                raise
            story.refused_starts += not disk.dead
        except Exception:
            if not disk.dead:  # what a dead process would have raised, nobody hears
                raise
        finally:
            story.steps += loop.steps
            story.failed_operations += disk.failed
            story.done_apart += life.begun_apart.total()
            seen = [(ledger.name, sorted(ledger.events.items())) for ledger in self.ledgers.every]
            self.trace.update(repr((end, loop.steps, loop.time(), seen, draw.getstate())).encode())
            loop.bury()
            self.disk = disk.after_power_cut() if end.startswith("power cut") else disk.after_kill()
            life.bury()

    def _note(self, what: str, at_s: float, disk: Disk) -> None:
        self.trace.update(f"{what} {at_s!r} {disk.operations}\n".encode())

    async def _run(self, life: Life, end: str) -> None:
        draw, loop, disk = self.draw, life.loop, life.disk
        if end == "disk errors":
            disk.read_errors, disk.write_errors = draw.choice(((0.002, 0.0), (0.0, 0.004), (0.001, 0.001)))
        await life.begin()
        orderly = end == "orderly"
        self.register.look(life)

        def new_draw() -> random.Random:
            return random.Random(draw.random())

        visitors = [caller(life, name, new_draw()) for name in (*[TENANT_DEFAULT] * 3, NARROW, GUEST)]
        visitors += [subscriber(life, name, new_draw()) for name in (TENANT_DEFAULT, NARROW, GUEST)]
        visitors += [choosy(life, TENANT_DEFAULT, new_draw()), keeper(life, new_draw())]
        visitors.append(planner(life, (TENANT_DEFAULT, GUEST), new_draw()))
        visitors += [dispatcher(life, TENANT_DEFAULT, new_draw()), flood(life, TENANT_DEFAULT, NARROW, new_draw())]
        tasks = [asyncio.create_task(visitor) for visitor in visitors]
        tasks.append(asyncio.create_task(landlord(life, self.register, new_draw())))
        until_s = loop.time() + draw.choice((0.2, 1.0, 2.5))
        while loop.time() < until_s and not life.failed:
            await asyncio.sleep(0.05)
            if draw.random() < 0.1:
                self.time.step_ns += draw.choice((HOUR_NS, -HOUR_NS))
            if draw.random() < 0.05:
                await life.check()
            disk.is_full = end == "full disk" and loop.time() > until_s / 2
            for task in tasks:
                if task.done() and task.exception() is not None:
                    raise task.exception()
        if life.failed and not disk.failed:
            raise Broken(f"the service went down: {life.failed[0]!r}")
        if orderly:
            await self._end_in_order(life, tasks)

    async def _end_in_order(self, life: Life, tasks: "list[asyncio.Task[None]]") -> None:
        """The last of the tasks is the one that has tenants come and go."""
        for house in list(life.houses.values()):
            acknowledged = list(house.ledger.acknowledged.values())
            for place in range(0, len(acknowledged), ASKED_AT_ONCE):
                await asyncio.gather(*(self._ask_again(house, *each) for each in acknowledged[place:][:ASKED_AT_ONCE]))
        life.is_ending = True
        await tasks[-1]
        await life.sequencer.stop()
        await life.hosting.stop()
        for task in tasks:
            await task
        await life.check()
        for hosted in life.hosting.list():
            self._check_tenant(life, hosted.name)

    async def _ask_again(self, house: House, command: Command, answer: Answer) -> None:
        """What was acknowledged is answered likewise, unless the tenant is suspended meanwhile."""
        while True:
            try:
                again = await house.do(command)
            except QuotaExceeded:
                await asyncio.sleep(0.05)
                continue
            except TenantSuspended:
                return
            if not again.duplicate or again.seq != answer.seq:
                raise Broken(f"{command.request_id} was answered with seq {answer.seq}, now with {again.seq}")
            return

    def _check_tenant(self, life: Life, name: str) -> None:
        ledger, house = self.ledgers[name], life.houses.get(name)
        ledger.collect(life.journal, name)
        engine = recover(life.journal, name, life.make).engine
        ledger.check_history(life.make, life.journal.seed(name), engine)
        if house is None:
            return
        if engine.state_digest() != house.seat.engine.state_digest():
            raise Broken("a restart would give another engine than the one that stopped")
        every = _history(ledger, life, name)
        if ledger.last_seen != len(every):
            raise Broken(f"the stream ended with event {ledger.last_seen} of {len(every)}")
        ledger.check_filtered(event_seq for event_seq, type_ in every.items() if int(type_) in WANTED.types)

    def _move(self):
        """The next process finds snapshots and all, in a folder of another name: the files of the last one's locks stay
        behind, as those of a process that is gone.
        """
        new = self.folder / f"life-{self.story.lives}"
        new.mkdir()
        old = self.folder / f"life-{self.story.lives - 1}"
        for name in ("snapshots", "set_aside.jsonl", "journal.mark", "tenants"):
            if (old / name).exists():
                os.rename(old / name, new / name)
        return replace(self.config, data_dir=new)


class _Ledgers(defaultdict[str, Ledger]):
    """By tenant; of one that was removed and made anew the new one."""

    def __init__(self, has_mishaps: bool) -> None:
        super().__init__()
        self._has_mishaps = has_mishaps
        self.every: list[Ledger] = []

    def __missing__(self, name: str) -> Ledger:
        ledger = self[name] = Ledger(name, has_mishaps=self._has_mishaps and name != NARROW)
        ledger.cursed.add(CURSED)
        self.every.append(ledger)
        return ledger


def _history(ledger: Ledger, life: Life, name: str) -> dict[int, EventType]:
    """All events that the commands give, by number."""
    engine = life.make(life.journal.seed(name))
    return {
        event.event_seq: event.type
        for seq in sorted(ledger.commands)
        for event in replay(engine, ledger.commands[seq]).events
    }
