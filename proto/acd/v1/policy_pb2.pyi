import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Strategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRATEGY_UNSPECIFIED: _ClassVar[Strategy]
    STRATEGY_LONGEST_IDLE: _ClassVar[Strategy]
    STRATEGY_ROUND_ROBIN: _ClassVar[Strategy]
    STRATEGY_LEAST_OCCUPIED: _ClassVar[Strategy]
    STRATEGY_FEWEST_CONTACTS: _ClassVar[Strategy]
    STRATEGY_LEAST_TALK_TIME: _ClassVar[Strategy]
    STRATEGY_LEAST_LOADED: _ClassVar[Strategy]
    STRATEGY_BEST_MATCH: _ClassVar[Strategy]
    STRATEGY_LEAST_SKILLED: _ClassVar[Strategy]
    STRATEGY_FIXED_ORDER: _ClassVar[Strategy]
    STRATEGY_RANDOM: _ClassVar[Strategy]
    STRATEGY_WEIGHTED: _ClassVar[Strategy]
    STRATEGY_BROADCAST: _ClassVar[Strategy]

class Membership(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEMBERSHIP_UNSPECIFIED: _ClassVar[Membership]
    MEMBERSHIP_OPEN: _ClassVar[Membership]
    MEMBERSHIP_LISTED: _ClassVar[Membership]

class ClosingRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOSING_RULE_UNSPECIFIED: _ClassVar[ClosingRule]
    CLOSING_RULE_SERVE: _ClassVar[ClosingRule]
    CLOSING_RULE_RELEASE: _ClassVar[ClosingRule]
STRATEGY_UNSPECIFIED: Strategy
STRATEGY_LONGEST_IDLE: Strategy
STRATEGY_ROUND_ROBIN: Strategy
STRATEGY_LEAST_OCCUPIED: Strategy
STRATEGY_FEWEST_CONTACTS: Strategy
STRATEGY_LEAST_TALK_TIME: Strategy
STRATEGY_LEAST_LOADED: Strategy
STRATEGY_BEST_MATCH: Strategy
STRATEGY_LEAST_SKILLED: Strategy
STRATEGY_FIXED_ORDER: Strategy
STRATEGY_RANDOM: Strategy
STRATEGY_WEIGHTED: Strategy
STRATEGY_BROADCAST: Strategy
MEMBERSHIP_UNSPECIFIED: Membership
MEMBERSHIP_OPEN: Membership
MEMBERSHIP_LISTED: Membership
CLOSING_RULE_UNSPECIFIED: ClosingRule
CLOSING_RULE_SERVE: ClosingRule
CLOSING_RULE_RELEASE: ClosingRule

class Channel(_message.Message):
    __slots__ = ("channel_id", "cost", "interrupts")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    INTERRUPTS_FIELD_NUMBER: _ClassVar[int]
    channel_id: str
    cost: int
    interrupts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, channel_id: _Optional[str] = ..., cost: _Optional[int] = ..., interrupts: _Optional[_Iterable[str]] = ...) -> None: ...

class OutcomePolicy(_message.Message):
    __slots__ = ("exclude", "delay", "away_after")
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    AWAY_AFTER_FIELD_NUMBER: _ClassVar[int]
    exclude: _duration_pb2.Duration
    delay: _duration_pb2.Duration
    away_after: int
    def __init__(self, exclude: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., away_after: _Optional[int] = ...) -> None: ...

class OfferOutcomes(_message.Message):
    __slots__ = ("declined", "busy", "unreachable", "missed")
    DECLINED_FIELD_NUMBER: _ClassVar[int]
    BUSY_FIELD_NUMBER: _ClassVar[int]
    UNREACHABLE_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    declined: OutcomePolicy
    busy: OutcomePolicy
    unreachable: OutcomePolicy
    missed: OutcomePolicy
    def __init__(self, declined: _Optional[_Union[OutcomePolicy, _Mapping]] = ..., busy: _Optional[_Union[OutcomePolicy, _Mapping]] = ..., unreachable: _Optional[_Union[OutcomePolicy, _Mapping]] = ..., missed: _Optional[_Union[OutcomePolicy, _Mapping]] = ...) -> None: ...

class Queue(_message.Message):
    __slots__ = ("queue_id", "requirement", "membership", "strategy", "service_level_target", "offer_timeout", "auto_accept", "wrap_up", "credit", "rate", "max_tier", "max_waiting", "plan_id", "skill_weights", "broadcast_to", "preferred_hold", "calendar_id", "at_closing", "overflow")
    class SkillWeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    MEMBERSHIP_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_LEVEL_TARGET_FIELD_NUMBER: _ClassVar[int]
    OFFER_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    AUTO_ACCEPT_FIELD_NUMBER: _ClassVar[int]
    WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    MAX_TIER_FIELD_NUMBER: _ClassVar[int]
    MAX_WAITING_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    SKILL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    BROADCAST_TO_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_HOLD_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_ID_FIELD_NUMBER: _ClassVar[int]
    AT_CLOSING_FIELD_NUMBER: _ClassVar[int]
    OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    requirement: str
    membership: Membership
    strategy: Strategy
    service_level_target: _duration_pb2.Duration
    offer_timeout: _duration_pb2.Duration
    auto_accept: bool
    wrap_up: _duration_pb2.Duration
    credit: _duration_pb2.Duration
    rate: int
    max_tier: int
    max_waiting: int
    plan_id: str
    skill_weights: _containers.ScalarMap[str, int]
    broadcast_to: int
    preferred_hold: _duration_pb2.Duration
    calendar_id: str
    at_closing: ClosingRule
    overflow: Overflow
    def __init__(self, queue_id: _Optional[str] = ..., requirement: _Optional[str] = ..., membership: _Optional[_Union[Membership, str]] = ..., strategy: _Optional[_Union[Strategy, str]] = ..., service_level_target: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., offer_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., auto_accept: _Optional[bool] = ..., wrap_up: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., rate: _Optional[int] = ..., max_tier: _Optional[int] = ..., max_waiting: _Optional[int] = ..., plan_id: _Optional[str] = ..., skill_weights: _Optional[_Mapping[str, int]] = ..., broadcast_to: _Optional[int] = ..., preferred_hold: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., calendar_id: _Optional[str] = ..., at_closing: _Optional[_Union[ClosingRule, str]] = ..., overflow: _Optional[_Union[Overflow, _Mapping]] = ...) -> None: ...

class Overflow(_message.Message):
    __slots__ = ("queue_id", "end")
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    end: EndWait
    def __init__(self, queue_id: _Optional[str] = ..., end: _Optional[_Union[EndWait, _Mapping]] = ...) -> None: ...

class EndWait(_message.Message):
    __slots__ = ("kind", "target")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[EndWait.Kind]
        KIND_VOICEMAIL: _ClassVar[EndWait.Kind]
        KIND_EXTERNAL: _ClassVar[EndWait.Kind]
        KIND_HANG_UP: _ClassVar[EndWait.Kind]
    KIND_UNSPECIFIED: EndWait.Kind
    KIND_VOICEMAIL: EndWait.Kind
    KIND_EXTERNAL: EndWait.Kind
    KIND_HANG_UP: EndWait.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    kind: EndWait.Kind
    target: str
    def __init__(self, kind: _Optional[_Union[EndWait.Kind, str]] = ..., target: _Optional[str] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("plan_id", "steps")
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    steps: _containers.RepeatedCompositeFieldContainer[PlanStep]
    def __init__(self, plan_id: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[PlanStep, _Mapping]]] = ...) -> None: ...

class PlanStep(_message.Message):
    __slots__ = ("after", "condition", "set_requirement", "lower_level", "drop_skill", "raise_max_tier", "add_credit", "set_priority", "move_to_queue", "add_queue_id", "treatment", "offer_callback", "end")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    SET_REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    LOWER_LEVEL_FIELD_NUMBER: _ClassVar[int]
    DROP_SKILL_FIELD_NUMBER: _ClassVar[int]
    RAISE_MAX_TIER_FIELD_NUMBER: _ClassVar[int]
    ADD_CREDIT_FIELD_NUMBER: _ClassVar[int]
    SET_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    MOVE_TO_QUEUE_FIELD_NUMBER: _ClassVar[int]
    ADD_QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    OFFER_CALLBACK_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    after: _duration_pb2.Duration
    condition: StepCondition
    set_requirement: str
    lower_level: SkillLevelChange
    drop_skill: str
    raise_max_tier: int
    add_credit: _duration_pb2.Duration
    set_priority: int
    move_to_queue: QueueMove
    add_queue_id: str
    treatment: Treatment
    offer_callback: CallbackOffer
    end: EndWait
    def __init__(self, after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., condition: _Optional[_Union[StepCondition, _Mapping]] = ..., set_requirement: _Optional[str] = ..., lower_level: _Optional[_Union[SkillLevelChange, _Mapping]] = ..., drop_skill: _Optional[str] = ..., raise_max_tier: _Optional[int] = ..., add_credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., set_priority: _Optional[int] = ..., move_to_queue: _Optional[_Union[QueueMove, _Mapping]] = ..., add_queue_id: _Optional[str] = ..., treatment: _Optional[_Union[Treatment, _Mapping]] = ..., offer_callback: _Optional[_Union[CallbackOffer, _Mapping]] = ..., end: _Optional[_Union[EndWait, _Mapping]] = ...) -> None: ...

class SkillLevelChange(_message.Message):
    __slots__ = ("skill", "level")
    SKILL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    skill: str
    level: int
    def __init__(self, skill: _Optional[str] = ..., level: _Optional[int] = ...) -> None: ...

class QueueMove(_message.Message):
    __slots__ = ("queue_id", "restart_wait")
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    RESTART_WAIT_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    restart_wait: bool
    def __init__(self, queue_id: _Optional[str] = ..., restart_wait: _Optional[bool] = ...) -> None: ...

class StepCondition(_message.Message):
    __slots__ = ("queue_length_min", "expected_wait_min", "nobody_signed_on")
    QUEUE_LENGTH_MIN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WAIT_MIN_FIELD_NUMBER: _ClassVar[int]
    NOBODY_SIGNED_ON_FIELD_NUMBER: _ClassVar[int]
    queue_length_min: int
    expected_wait_min: _duration_pb2.Duration
    nobody_signed_on: bool
    def __init__(self, queue_length_min: _Optional[int] = ..., expected_wait_min: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., nobody_signed_on: _Optional[bool] = ...) -> None: ...

class Treatment(_message.Message):
    __slots__ = ("kind", "name")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Treatment.Kind]
        KIND_ANNOUNCEMENT: _ClassVar[Treatment.Kind]
        KIND_MUSIC: _ClassVar[Treatment.Kind]
        KIND_MESSAGE: _ClassVar[Treatment.Kind]
        KIND_BOT: _ClassVar[Treatment.Kind]
    KIND_UNSPECIFIED: Treatment.Kind
    KIND_ANNOUNCEMENT: Treatment.Kind
    KIND_MUSIC: Treatment.Kind
    KIND_MESSAGE: Treatment.Kind
    KIND_BOT: Treatment.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    kind: Treatment.Kind
    name: str
    def __init__(self, kind: _Optional[_Union[Treatment.Kind, str]] = ..., name: _Optional[str] = ...) -> None: ...

class CallbackOffer(_message.Message):
    __slots__ = ("announcement",)
    ANNOUNCEMENT_FIELD_NUMBER: _ClassVar[int]
    announcement: str
    def __init__(self, announcement: _Optional[str] = ...) -> None: ...

class CallbackPolicy(_message.Message):
    __slots__ = ("attempts_max", "retry_delay")
    ATTEMPTS_MAX_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    attempts_max: int
    retry_delay: _duration_pb2.Duration
    def __init__(self, attempts_max: _Optional[int] = ..., retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class PreferencePolicy(_message.Message):
    __slots__ = ("last_agent_window", "agent_of_other_contact", "hold")
    LAST_AGENT_WINDOW_FIELD_NUMBER: _ClassVar[int]
    AGENT_OF_OTHER_CONTACT_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    last_agent_window: _duration_pb2.Duration
    agent_of_other_contact: bool
    hold: _duration_pb2.Duration
    def __init__(self, last_agent_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., agent_of_other_contact: _Optional[bool] = ..., hold: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Calendar(_message.Message):
    __slots__ = ("calendar_id", "time_zone", "hours", "exceptions")
    CALENDAR_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    calendar_id: str
    time_zone: str
    hours: _containers.RepeatedCompositeFieldContainer[OpeningHours]
    exceptions: _containers.RepeatedCompositeFieldContainer[CalendarException]
    def __init__(self, calendar_id: _Optional[str] = ..., time_zone: _Optional[str] = ..., hours: _Optional[_Iterable[_Union[OpeningHours, _Mapping]]] = ..., exceptions: _Optional[_Iterable[_Union[CalendarException, _Mapping]]] = ...) -> None: ...

class OpeningHours(_message.Message):
    __slots__ = ("days", "from_minute", "to_minute")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    FROM_MINUTE_FIELD_NUMBER: _ClassVar[int]
    TO_MINUTE_FIELD_NUMBER: _ClassVar[int]
    days: _containers.RepeatedScalarFieldContainer[int]
    from_minute: int
    to_minute: int
    def __init__(self, days: _Optional[_Iterable[int]] = ..., from_minute: _Optional[int] = ..., to_minute: _Optional[int] = ...) -> None: ...

class CalendarException(_message.Message):
    __slots__ = ("date", "name", "from_minute", "to_minute")
    DATE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FROM_MINUTE_FIELD_NUMBER: _ClassVar[int]
    TO_MINUTE_FIELD_NUMBER: _ClassVar[int]
    date: str
    name: str
    from_minute: int
    to_minute: int
    def __init__(self, date: _Optional[str] = ..., name: _Optional[str] = ..., from_minute: _Optional[int] = ..., to_minute: _Optional[int] = ...) -> None: ...

class Policy(_message.Message):
    __slots__ = ("channels", "queues", "tier_first", "short_abandon", "presence_lease", "reattach", "max_waiting", "offer_outcomes", "plans", "preference", "callback", "calendars", "occupancy_time_constant")
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    TIER_FIRST_FIELD_NUMBER: _ClassVar[int]
    SHORT_ABANDON_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_LEASE_FIELD_NUMBER: _ClassVar[int]
    REATTACH_FIELD_NUMBER: _ClassVar[int]
    MAX_WAITING_FIELD_NUMBER: _ClassVar[int]
    OFFER_OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    PLANS_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_FIELD_NUMBER: _ClassVar[int]
    CALENDARS_FIELD_NUMBER: _ClassVar[int]
    OCCUPANCY_TIME_CONSTANT_FIELD_NUMBER: _ClassVar[int]
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    queues: _containers.RepeatedCompositeFieldContainer[Queue]
    tier_first: bool
    short_abandon: _duration_pb2.Duration
    presence_lease: _duration_pb2.Duration
    reattach: _duration_pb2.Duration
    max_waiting: int
    offer_outcomes: OfferOutcomes
    plans: _containers.RepeatedCompositeFieldContainer[Plan]
    preference: PreferencePolicy
    callback: CallbackPolicy
    calendars: _containers.RepeatedCompositeFieldContainer[Calendar]
    occupancy_time_constant: _duration_pb2.Duration
    def __init__(self, channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., queues: _Optional[_Iterable[_Union[Queue, _Mapping]]] = ..., tier_first: _Optional[bool] = ..., short_abandon: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., presence_lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reattach: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_waiting: _Optional[int] = ..., offer_outcomes: _Optional[_Union[OfferOutcomes, _Mapping]] = ..., plans: _Optional[_Iterable[_Union[Plan, _Mapping]]] = ..., preference: _Optional[_Union[PreferencePolicy, _Mapping]] = ..., callback: _Optional[_Union[CallbackPolicy, _Mapping]] = ..., calendars: _Optional[_Iterable[_Union[Calendar, _Mapping]]] = ..., occupancy_time_constant: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
