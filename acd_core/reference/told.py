"""Section 12 of the routing model: position, expected wait, and what is learnt of service and waits for it."""

from math import isqrt

from acd_core.enums import ContactState, WaitPredictor
from acd_core.limits import AT_NS_MAX
from acd_core.policy import QueueSpec
from acd_core.reference.eligibility import Eligibility
from acd_core.reference.records import Contact, QueueFigures, Score
from acd_core.views import WaitEstimate

NS_IN_MS = 1_000_000
NS_IN_US = 1_000
RECENT = 256
"""Contacts over which averages of service and errors go."""
SERVICE_US_MAX = 2**41
ERROR_MS_MAX = 2**30
NO_VALUE = -1
UNPREDICTED = WaitEstimate(0, NO_VALUE, WaitPredictor.NONE, NO_VALUE)

SERVED_STATES = (ContactState.ACTIVE, ContactState.WRAP_UP)


def average(mean: int, count: int, value: int) -> int:
    """The running mean with one more value, the `count`th of those that count; division floors."""
    return mean + (value - mean) // count


class Told(Eligibility):
    # The order of section 5, rules 2 to 4

    def credit_ms(self, contact: Contact, queue: QueueSpec) -> int:
        return contact.credit_now_ms + queue.credit_ms

    def waited_ms(self, contact: Contact) -> int:
        """Both times are floored to milliseconds separately."""
        return self.now_ns // NS_IN_MS - contact.arrived_ns // NS_IN_MS

    def score(self, contact: Contact, queue: QueueSpec) -> int:
        """Section 5, rule 3, by the contact's entry in a queue. Bounded below 2**63 by `acd_core.limits`."""
        return 1_000 * self.credit_ms(contact, queue) + queue.rate * self.waited_ms(contact)

    def waiting_order(self, contact: Contact, queue: QueueSpec) -> tuple[int, int, int]:
        """Section 5, rules 2 to 4: the lowest goes first."""
        return -contact.priority_now, -self.score(contact, queue), contact.ordinal

    # Position

    def entries_before(self, place: tuple[int, int, int], queue: QueueSpec) -> int:
        """Entries of waiting contacts in a queue that go before this place."""
        return sum(
            queue.queue_id in (other.queue_id, other.second_queue_id) and self.waiting_order(other, queue) < place
            for other in self.waiting_contacts()
        )

    def position(self, contact: Contact) -> int:
        """Of a contact in its home queue, from 1; 0 if it does not wait."""
        if contact.state is not ContactState.WAITING:
            return 0
        queue = self.queue_of(contact)
        return 1 + self.entries_before(self.waiting_order(contact, queue), queue)

    # What is learnt

    def figures_of(self, queue_id: str) -> QueueFigures:
        return self.figures.setdefault(queue_id, QueueFigures())

    def learn_service(self, contact: Contact) -> None:
        """A contact that was served is about to leave its agent."""
        figures = self.figures_of(contact.queue_id)
        service_us = min((self.now_ns - contact.accepted_ns) // NS_IN_US, SERVICE_US_MAX)
        figures.served = min(figures.served + 1, RECENT)
        figures.service_us = average(figures.service_us, figures.served, service_us)

    def learn_wait(self, contact: Contact, *, as_predicted: bool) -> None:
        """A contact has become active; `as_predicted`: in the queue for which its wait was predicted."""
        figures = self.figures_of(contact.queue_id)
        figures.last_wait_ns = self.wait_ns(contact)
        if as_predicted and contact.predicted_at_ns > 0:
            waited_ns = self.now_ns - contact.predicted_at_ns
            self.learn_error(figures.queue_length, contact.predicted_queue_length_ns, waited_ns)
            self.learn_error(figures.last_waits, contact.predicted_last_waits_ns, waited_ns)

    def learn_error(self, score: Score, predicted_ns: int, waited_ns: int) -> None:
        if predicted_ns == NO_VALUE:
            return
        error_ms = min(abs(waited_ns - predicted_ns) // NS_IN_MS, ERROR_MS_MAX)
        score.scored = min(score.scored + 1, RECENT)
        score.error = average(score.error, score.scored, error_ms**2)

    # Expected wait

    def serving(self, queue_id: str) -> int:
        """Contacts of a queue that are active or in wrap-up."""
        return sum(c.queue_id == queue_id and c.state in SERVED_STATES for c in self.contacts_by_ordinal.values())

    def by_queue_length_ns(self, queue_id: str, position: int) -> int:
        figures, serving = self.figures.get(queue_id, QueueFigures()), self.serving(queue_id)
        if figures.served == 0 or serving == 0:
            return NO_VALUE
        return min(position * figures.service_us // serving, AT_NS_MAX // NS_IN_US) * NS_IN_US

    def by_last_waits_ns(self, queue_id: str, waited_ns: int) -> int:
        figures = self.figures.get(queue_id, QueueFigures())
        return NO_VALUE if figures.last_wait_ns == NO_VALUE else max(0, figures.last_wait_ns - waited_ns)

    def estimate(self, queue_id: str, position: int, waited_ns: int) -> WaitEstimate:
        """By the predictor that did better of late, of those that give a value."""
        figures = self.figures.get(queue_id, QueueFigures())
        candidates = [
            (WaitPredictor.QUEUE_LENGTH, self.by_queue_length_ns(queue_id, position), figures.queue_length),
            (WaitPredictor.LAST_WAITS, self.by_last_waits_ns(queue_id, waited_ns), figures.last_waits),
        ]
        usable = [candidate for candidate in candidates if candidate[1] != NO_VALUE]
        if not usable:
            return WaitEstimate(position, NO_VALUE, WaitPredictor.NONE, NO_VALUE)
        predictor, expected_ns, score = min(usable, key=lambda one: (one[2].scored == 0, one[2].error))
        error_ms = isqrt(score.error) if score.scored else NO_VALUE
        return WaitEstimate(position, expected_ns, predictor, error_ms)

    def estimate_of(self, contact: Contact) -> WaitEstimate:
        if contact.state is not ContactState.WAITING:
            return UNPREDICTED
        return self.estimate(contact.queue_id, self.position(contact), self.now_ns - contact.opened_ns)

    def estimate_contact(self, contact_id: str) -> WaitEstimate | None:
        """What the caller of a live contact can be told; None if there is no such contact."""
        contact = self.contacts_by_id.get(contact_id)
        return None if contact is None else self.estimate_of(contact)

    def estimate_queue(self, queue_id: str) -> WaitEstimate | None:
        """For a contact that would come to the queue now with nothing of its own; None if there is no such queue."""
        queue = self.queues.get(queue_id)
        if queue is None:
            return None
        place = (0, -1_000 * queue.credit_ms, self.contacts_created)
        estimate = self.estimate(queue_id, 1 + self.entries_before(place, queue), 0)
        if self.waiting_in(queue_id) == 0 and self.somebody_free(queue):
            return WaitEstimate(estimate.position, 0, estimate.predictor, estimate.error_ms)
        return estimate

    def somebody_free(self, queue: QueueSpec) -> bool:
        """An available agent with room meets rules 3 and 4 for a contact with nothing of its own."""
        channel_id = self.policy.channels[0].channel_id
        return any(
            self.rule_1_presence(agent)
            and self.has_room(agent, channel_id)
            and (tier := self.tier_in(agent, queue)) is not None
            and (queue.max_tier is None or tier <= queue.max_tier)
            and self.meets(agent, queue.requirement)
            for agent in self.agents_by_ordinal.values()
        )

    def predict(self, contact: Contact) -> None:
        """Note what both predictors say of a contact that begins to wait, to be scored when it is served."""
        waited_ns = self.now_ns - contact.opened_ns
        contact.predicted_at_ns = self.now_ns
        contact.predicted_queue_length_ns = self.by_queue_length_ns(contact.queue_id, self.position(contact))
        contact.predicted_last_waits_ns = self.by_last_waits_ns(contact.queue_id, waited_ns)

    def forget_prediction(self, contact: Contact) -> None:
        contact.predicted_at_ns = 0
        contact.predicted_queue_length_ns = NO_VALUE
        contact.predicted_last_waits_ns = NO_VALUE
