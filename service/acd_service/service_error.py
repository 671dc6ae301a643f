"""Why the service, rather than the engine, did not do what was asked. `errors` says how each looks on the wire."""


class ServiceError(Exception):
    """What the shell refuses. Nothing was changed."""


class Overloaded(ServiceError):
    """A bound of the service is reached; to be tried again after `retry_after_ms`."""

    def __init__(self, what: str, retry_after_ms: int) -> None:
        super().__init__(what)
        self.retry_after_ms = retry_after_ms


class QuotaExceeded(ServiceError):
    """A tenant has or does as much as its quota allows; to be tried again after `retry_after_ms`."""

    def __init__(self, quota: str, limit: int, retry_after_ms: int) -> None:
        super().__init__(f"the tenant's quota {quota} is {limit}")
        self.quota = quota
        self.limit = limit
        self.retry_after_ms = retry_after_ms


class TenantSuspended(ServiceError):
    """The caller's tenant is suspended: nothing of it is served or routed until it is resumed."""

    def __init__(self) -> None:
        super().__init__("the tenant is suspended")


class TenantState(ServiceError):
    """What was asked of a tenant does not go with its state."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class BadTenantFile(ServiceError):
    """A file holds no tenant that can be taken in."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ExportFailed(ServiceError):
    """A tenant's file could not be made; routing goes on."""


class ErasureUnfinished(ServiceError):
    """A customer is not erased from everything yet: the next erasure, or the next start of the service, goes on."""


class UnknownTenant(ServiceError):
    """There is no such tenant here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no tenant {name!r}")


class Stopping(ServiceError):
    """The service is stopping, or has failed; another call will have to find it running again."""


class Unauthenticated(ServiceError):
    """The caller showed no credential, or one that is not valid (any more). Which of the two is in the log only."""


class PermissionDenied(ServiceError):
    """The caller is known, and may not do this."""


class DeadlinePassed(ServiceError):
    """The caller's deadline passed before the command was applied."""


class CommandSetAside(ServiceError):
    """The engine failed on this command: it was set aside and can be seen in the data directory."""


class EventsNoLongerKept(ServiceError):
    """Events were asked for that were kept once."""

    def __init__(self, from_event_seq: int, oldest_event_seq: int) -> None:
        super().__init__(f"events from {from_event_seq} are no longer kept; the oldest is {oldest_event_seq}")
        self.oldest_event_seq = oldest_event_seq


class AnswerNoLongerKept(ServiceError):
    """A call was repeated, and what it came to at first is no longer kept. It is not done again."""


class EventSeqAhead(ServiceError):
    """Events were asked for that come after the next one."""

    def __init__(self, from_event_seq: int, next_event_seq: int) -> None:
        super().__init__(f"event {from_event_seq} does not exist yet; the next is {next_event_seq}")
        self.next_event_seq = next_event_seq


class ReaderTooSlow(ServiceError):
    """The reader of a stream left too many updates lying; it has to open the stream again."""


class FiguresNotReady(ServiceError):
    """The figures cannot be told now; routing goes on."""


class UnknownCustomer(ServiceError):
    """There is no such customer in the directory."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class CustomerLimit(ServiceError):
    """The directory is full."""


class DirectoryDamaged(ServiceError):
    """The file of customers cannot be used, or a row of it is not what was written. On a file that is none of ours the
    service does not start; else contacts are routed as if the customer were not known.
    """


class ReplayTooLong(ServiceError):
    """Too many commands lie between what is kept and the time asked about."""

    def __init__(self, commands: int, commands_max: int) -> None:
        super().__init__(f"{commands} commands would have to be replayed, more than the {commands_max} allowed")


class ReplayFailed(ServiceError):
    """The past could not be read; routing goes on."""


class UnknownPolicyVersion(ServiceError):
    """There is no such version of the policy, or it is no longer kept."""

    def __init__(self, policy_version: int) -> None:
        super().__init__(f"there is no policy version {policy_version}")
        self.policy_version = policy_version
