# cython: language_level=3
"""What a waiting contact can be told: its position and its expected wait (docs/engine/told.md), by two predictors."""

from acd_core.agents cimport INDEX_KINDS
from acd_core.heaps cimport HeapSet
from acd_core.skills cimport meets
from acd_core.state cimport entry_queue, static_score, tier_limit
from acd_core.types cimport *

from acd_core.enums import WaitPredictor
from acd_core.limits import AT_NS_MAX

cdef int64_t _LONGEST_US = AT_NS_MAX // 1000

cdef enum:
    QUEUE_LENGTH
    LAST_WAITS

cdef int _NONE = WaitPredictor.NONE
cdef int[2] _NAMES
_NAMES[QUEUE_LENGTH] = WaitPredictor.QUEUE_LENGTH
_NAMES[LAST_WAITS] = WaitPredictor.LAST_WAITS

cdef extern from *:
    """
    #define acd_place_wait(p, service, serving) ((int64_t)((unsigned __int128)(p) * (uint64_t)(service) / (uint64_t)(serving)))
    """
    int64_t acd_place_wait(int64_t place, int64_t service_us, int64_t serving) noexcept nogil


cdef class Estimates(Matching):
    cdef int _predict(self, const Queue* queue, int64_t waited_ns, Estimate* found) except -1:
        """Both predictors, for who has `position` in the queue and has waited so long; then the better one."""
        cdef int predictor
        cdef int best = -1
        found.values[QUEUE_LENGTH] = -1
        found.values[LAST_WAITS] = -1
        if queue.served > 0 and queue.serving > 0:
            found.values[QUEUE_LENGTH] = 1000 * min(
                _LONGEST_US, acd_place_wait(found.position, queue.service_us, queue.serving))
        if queue.last_wait_ns >= 0:
            found.values[LAST_WAITS] = max(<int64_t>0, queue.last_wait_ns - waited_ns)
        for predictor in range(2):
            if found.values[predictor] < 0:
                continue
            if best < 0 or (queue.scored[predictor] > 0 and (
                    queue.scored[best] == 0 or queue.error[predictor] < queue.error[best])):
                best = predictor
        found.predictor = _NONE
        found.expected_ns = -1
        found.square_error = -1
        if best >= 0:
            found.predictor = _NAMES[best]
            found.expected_ns = found.values[best]
            if queue.scored[best] > 0:
                found.square_error = queue.error[best]
        return 0

    cdef int estimate(self, int32_t contact, Estimate* found) except -1:
        """For a contact in its home queue."""
        cdef const Contact* waiting = &self.desk.all[contact]
        found.position = 0
        found.values[QUEUE_LENGTH] = -1
        found.values[LAST_WAITS] = -1
        found.predictor = _NONE
        found.expected_ns = -1
        found.square_error = -1
        if waiting.state != STATE_WAITING:
            return 0
        found.position = self.position_of(contact, 0)
        return self._predict(&self.rules.queues[waiting.queue], self.now_ns - waiting.opened_ns, found)

    cdef int estimate_newcomer(self, int32_t slot, Estimate* found) except -1:
        """For a contact that would come to the queue now and ask for nothing of its own."""
        cdef const Queue* queue = &self.rules.queues[slot]
        cdef HeapSet* lead = &self.roster.index[self.rules.first_channel * INDEX_KINDS + self.roster.lead]
        cdef const QueueMembers* members = &self.classes.members[slot]
        cdef int64_t score = queue.rate * (self.now_ns // 1000000) - 1000 * queue.credit_ms
        cdef int32_t index, size, word
        cdef uint64_t mask
        found.position = 1 + self.lines.before(slot, self.desk.all, queue, 0, score, <int64_t>1 << 62)
        self._predict(queue, 0, found)
        if queue.waiting or lead.total == 0:
            return 0
        size = members.size if queue.listed else lead.classes >> 6
        for index in range(size):
            word = index
            if queue.listed:
                if members.words[index].tier > queue.max_tier:
                    break
                word = members.words[index].word
            mask = lead.occupied[word] & meets(self.skills, queue.requirement, word)
            if queue.listed:
                mask &= members.words[index].mask
            if mask:
                found.expected_ns = 0
                break
        return 0

    cdef int predict(self, int32_t contact) except -1:
        """Note what is predicted for a contact that waits; it is scored when the contact is served."""
        cdef Contact* waiting = &self.desk.all[contact]
        cdef Estimate found
        if waiting.state != STATE_WAITING:
            return 0
        self.estimate(contact, &found)
        waiting.predicted_at_ns = self.now_ns
        waiting.predicted_ns[QUEUE_LENGTH] = found.values[QUEUE_LENGTH]
        waiting.predicted_ns[LAST_WAITS] = found.values[LAST_WAITS]
        return 0

    cdef void forget_prediction(self, int32_t contact) noexcept:
        cdef Contact* waiting = &self.desk.all[contact]
        waiting.predicted_at_ns = 0
        waiting.predicted_ns[QUEUE_LENGTH] = -1
        waiting.predicted_ns[LAST_WAITS] = -1

    cdef bint anyone_signed_on(self, int32_t contact, int second) noexcept:
        """Does anybody who is signed on meet rules 3 and 4 by an entry of the contact."""
        cdef const Contact* asking = &self.desk.all[contact]
        cdef int32_t slot = entry_queue(asking, second)
        cdef const Queue* queue = &self.rules.queues[slot]
        cdef const QueueMembers* members = &self.classes.members[slot]
        cdef int32_t size = members.size if queue.listed else self.classes.agent_class_room >> 6
        cdef int32_t index, word
        cdef uint64_t mask
        for index in range(size):
            word = index
            if queue.listed:
                if members.words[index].tier > tier_limit(asking, queue):
                    return False
                word = members.words[index].word
            mask = self.classes.signed_on[word]
            if queue.listed:
                mask &= members.words[index].mask
            if mask and mask & meets(self.skills, asking.requirement, word) & meets(
                    self.skills, queue.requirement, word):
                return True
        return False
