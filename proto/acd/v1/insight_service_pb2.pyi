import datetime

from acd.v1 import event_pb2 as _event_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ServeRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SERVE_RULE_UNSPECIFIED: _ClassVar[ServeRule]
    SERVE_RULE_NONE_FAILS: _ClassVar[ServeRule]
    SERVE_RULE_READY: _ClassVar[ServeRule]
    SERVE_RULE_ROOM: _ClassVar[ServeRule]
    SERVE_RULE_MEMBER: _ClassVar[ServeRule]
    SERVE_RULE_SKILLS: _ClassVar[ServeRule]
    SERVE_RULE_NOT_EXCLUDED: _ClassVar[ServeRule]
    SERVE_RULE_HELD_FOR_PREFERRED: _ClassVar[ServeRule]
    SERVE_RULE_NAMED_ONLY: _ClassVar[ServeRule]
SERVE_RULE_UNSPECIFIED: ServeRule
SERVE_RULE_NONE_FAILS: ServeRule
SERVE_RULE_READY: ServeRule
SERVE_RULE_ROOM: ServeRule
SERVE_RULE_MEMBER: ServeRule
SERVE_RULE_SKILLS: ServeRule
SERVE_RULE_NOT_EXCLUDED: ServeRule
SERVE_RULE_HELD_FOR_PREFERRED: ServeRule
SERVE_RULE_NAMED_ONLY: ServeRule

class GetQueueStatsRequest(_message.Message):
    __slots__ = ("queue_ids", "channels", "start_at", "end_at", "interval")
    QUEUE_IDS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    END_AT_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    queue_ids: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    start_at: _timestamp_pb2.Timestamp
    end_at: _timestamp_pb2.Timestamp
    interval: _duration_pb2.Duration
    def __init__(self, queue_ids: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., start_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetQueueStatsResponse(_message.Message):
    __slots__ = ("stats", "event_seq")
    STATS_FIELD_NUMBER: _ClassVar[int]
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    stats: _containers.RepeatedCompositeFieldContainer[QueueStats]
    event_seq: int
    def __init__(self, stats: _Optional[_Iterable[_Union[QueueStats, _Mapping]]] = ..., event_seq: _Optional[int] = ...) -> None: ...

class QueueStats(_message.Message):
    __slots__ = ("queue_id", "channel", "start_at", "end_at", "offered", "answered", "answered_within_target", "abandoned", "short_abandoned", "abandoned_within_target", "overflowed", "ended_otherwise", "waiting", "answered_wait", "answered_wait_max", "talk", "held", "wrap_up", "service_levels", "waiting_since", "offered_now")
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    END_AT_FIELD_NUMBER: _ClassVar[int]
    OFFERED_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_WITHIN_TARGET_FIELD_NUMBER: _ClassVar[int]
    ABANDONED_FIELD_NUMBER: _ClassVar[int]
    SHORT_ABANDONED_FIELD_NUMBER: _ClassVar[int]
    ABANDONED_WITHIN_TARGET_FIELD_NUMBER: _ClassVar[int]
    OVERFLOWED_FIELD_NUMBER: _ClassVar[int]
    ENDED_OTHERWISE_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_WAIT_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_WAIT_MAX_FIELD_NUMBER: _ClassVar[int]
    TALK_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    SERVICE_LEVELS_FIELD_NUMBER: _ClassVar[int]
    WAITING_SINCE_FIELD_NUMBER: _ClassVar[int]
    OFFERED_NOW_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    channel: str
    start_at: _timestamp_pb2.Timestamp
    end_at: _timestamp_pb2.Timestamp
    offered: int
    answered: int
    answered_within_target: int
    abandoned: int
    short_abandoned: int
    abandoned_within_target: int
    overflowed: int
    ended_otherwise: int
    waiting: int
    answered_wait: _duration_pb2.Duration
    answered_wait_max: _duration_pb2.Duration
    talk: _duration_pb2.Duration
    held: _duration_pb2.Duration
    wrap_up: _duration_pb2.Duration
    service_levels: ServiceLevels
    waiting_since: _timestamp_pb2.Timestamp
    offered_now: int
    def __init__(self, queue_id: _Optional[str] = ..., channel: _Optional[str] = ..., start_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., offered: _Optional[int] = ..., answered: _Optional[int] = ..., answered_within_target: _Optional[int] = ..., abandoned: _Optional[int] = ..., short_abandoned: _Optional[int] = ..., abandoned_within_target: _Optional[int] = ..., overflowed: _Optional[int] = ..., ended_otherwise: _Optional[int] = ..., waiting: _Optional[int] = ..., answered_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., answered_wait_max: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., talk: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., held: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., wrap_up: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., service_levels: _Optional[_Union[ServiceLevels, _Mapping]] = ..., waiting_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., offered_now: _Optional[int] = ...) -> None: ...

class Share(_message.Message):
    __slots__ = ("part", "whole")
    PART_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    part: int
    whole: int
    def __init__(self, part: _Optional[int] = ..., whole: _Optional[int] = ...) -> None: ...

class ServiceLevels(_message.Message):
    __slots__ = ("of_offered", "of_offered_less_short", "of_answered", "abandons_met", "abandons_missed")
    OF_OFFERED_FIELD_NUMBER: _ClassVar[int]
    OF_OFFERED_LESS_SHORT_FIELD_NUMBER: _ClassVar[int]
    OF_ANSWERED_FIELD_NUMBER: _ClassVar[int]
    ABANDONS_MET_FIELD_NUMBER: _ClassVar[int]
    ABANDONS_MISSED_FIELD_NUMBER: _ClassVar[int]
    of_offered: Share
    of_offered_less_short: Share
    of_answered: Share
    abandons_met: Share
    abandons_missed: Share
    def __init__(self, of_offered: _Optional[_Union[Share, _Mapping]] = ..., of_offered_less_short: _Optional[_Union[Share, _Mapping]] = ..., of_answered: _Optional[_Union[Share, _Mapping]] = ..., abandons_met: _Optional[_Union[Share, _Mapping]] = ..., abandons_missed: _Optional[_Union[Share, _Mapping]] = ...) -> None: ...

class WatchStatsRequest(_message.Message):
    __slots__ = ("queue_ids", "with_agents", "period")
    QUEUE_IDS_FIELD_NUMBER: _ClassVar[int]
    WITH_AGENTS_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    queue_ids: _containers.RepeatedScalarFieldContainer[str]
    with_agents: bool
    period: _duration_pb2.Duration
    def __init__(self, queue_ids: _Optional[_Iterable[str]] = ..., with_agents: _Optional[bool] = ..., period: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchStatsResponse(_message.Message):
    __slots__ = ("at", "event_seq", "queues", "agents", "agents_now")
    AT_FIELD_NUMBER: _ClassVar[int]
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    AGENTS_NOW_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    event_seq: int
    queues: _containers.RepeatedCompositeFieldContainer[QueueStats]
    agents: _containers.RepeatedCompositeFieldContainer[AgentStats]
    agents_now: AgentsNow
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_seq: _Optional[int] = ..., queues: _Optional[_Iterable[_Union[QueueStats, _Mapping]]] = ..., agents: _Optional[_Iterable[_Union[AgentStats, _Mapping]]] = ..., agents_now: _Optional[_Union[AgentsNow, _Mapping]] = ...) -> None: ...

class AgentsNow(_message.Message):
    __slots__ = ("offline", "ready", "away", "offline_busy", "ready_busy", "away_busy")
    OFFLINE_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    AWAY_FIELD_NUMBER: _ClassVar[int]
    OFFLINE_BUSY_FIELD_NUMBER: _ClassVar[int]
    READY_BUSY_FIELD_NUMBER: _ClassVar[int]
    AWAY_BUSY_FIELD_NUMBER: _ClassVar[int]
    offline: int
    ready: int
    away: int
    offline_busy: int
    ready_busy: int
    away_busy: int
    def __init__(self, offline: _Optional[int] = ..., ready: _Optional[int] = ..., away: _Optional[int] = ..., offline_busy: _Optional[int] = ..., ready_busy: _Optional[int] = ..., away_busy: _Optional[int] = ...) -> None: ...

class AgentStats(_message.Message):
    __slots__ = ("agent_id", "signed_on", "ready", "away", "talk", "held", "wrap_up", "contacts", "misses")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNED_ON_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    AWAY_FIELD_NUMBER: _ClassVar[int]
    TALK_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    MISSES_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    signed_on: _duration_pb2.Duration
    ready: _duration_pb2.Duration
    away: _duration_pb2.Duration
    talk: _duration_pb2.Duration
    held: _duration_pb2.Duration
    wrap_up: _duration_pb2.Duration
    contacts: int
    misses: int
    def __init__(self, agent_id: _Optional[str] = ..., signed_on: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., ready: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., away: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., talk: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., held: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., wrap_up: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., contacts: _Optional[int] = ..., misses: _Optional[int] = ...) -> None: ...

class EstimateWaitRequest(_message.Message):
    __slots__ = ("contact_id", "queue_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ...) -> None: ...

class EstimateWaitResponse(_message.Message):
    __slots__ = ("position", "expected_wait", "predictor", "error")
    class Predictor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PREDICTOR_UNSPECIFIED: _ClassVar[EstimateWaitResponse.Predictor]
        PREDICTOR_NONE: _ClassVar[EstimateWaitResponse.Predictor]
        PREDICTOR_QUEUE_LENGTH: _ClassVar[EstimateWaitResponse.Predictor]
        PREDICTOR_LAST_WAITS: _ClassVar[EstimateWaitResponse.Predictor]
    PREDICTOR_UNSPECIFIED: EstimateWaitResponse.Predictor
    PREDICTOR_NONE: EstimateWaitResponse.Predictor
    PREDICTOR_QUEUE_LENGTH: EstimateWaitResponse.Predictor
    PREDICTOR_LAST_WAITS: EstimateWaitResponse.Predictor
    POSITION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WAIT_FIELD_NUMBER: _ClassVar[int]
    PREDICTOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    position: int
    expected_wait: _duration_pb2.Duration
    predictor: EstimateWaitResponse.Predictor
    error: _duration_pb2.Duration
    def __init__(self, position: _Optional[int] = ..., expected_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., predictor: _Optional[_Union[EstimateWaitResponse.Predictor, str]] = ..., error: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("contact_id", "agent_id", "before_event_seq")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    before_event_seq: int
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., before_event_seq: _Optional[int] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("rule", "contact_ahead_id", "agent_ahead_id", "agents_able", "agents_with_room", "decision", "text", "event_seq")
    RULE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_AHEAD_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_AHEAD_ID_FIELD_NUMBER: _ClassVar[int]
    AGENTS_ABLE_FIELD_NUMBER: _ClassVar[int]
    AGENTS_WITH_ROOM_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    rule: ServeRule
    contact_ahead_id: str
    agent_ahead_id: str
    agents_able: int
    agents_with_room: int
    decision: _event_pb2.Decision
    text: str
    event_seq: int
    def __init__(self, rule: _Optional[_Union[ServeRule, str]] = ..., contact_ahead_id: _Optional[str] = ..., agent_ahead_id: _Optional[str] = ..., agents_able: _Optional[int] = ..., agents_with_room: _Optional[int] = ..., decision: _Optional[_Union[_event_pb2.Decision, _Mapping]] = ..., text: _Optional[str] = ..., event_seq: _Optional[int] = ...) -> None: ...
