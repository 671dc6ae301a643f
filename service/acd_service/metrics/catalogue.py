"""Every metric by name, kind, labels and meaning. docs/operations.md shows this table; a test holds it to it."""

from typing import Final, Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]


class Family(NamedTuple):
    """One metric. The name is as queries write it, without the `_bucket`, `_sum`, `_count` of histograms."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


FAMILIES: Final = (
    Family("acd_build_info", "gauge", ("version", "behaviour", "engine", "python"), "Always 1; what runs."),
    Family("acd_serving", "gauge", (), "1 while calls are let in, 0 while the service starts, stops or has failed."),
    Family("acd_recovery_seconds", "gauge", (), "How long the last start took until calls were let in."),
    Family("acd_recovery_replayed_commands", "gauge", (), "Commands replayed after the snapshot at the last start."),
    Family("acd_calls_total", "counter", (), "Calls that arrived, streams included."),
    Family("acd_calls_in_progress", "gauge", (), "Calls being served, streams included."),
    Family("acd_calls_refused_total", "counter", ("method", "reason"), "Calls that ended with an error."),
    Family("acd_call_seconds", "histogram", ("method",), "Calls with one answer, from request read to answer given."),
    Family("acd_commands_total", "counter", ("kind", "result"), "Commands by what became of them: `accepted`, "
           "`duplicate`, `refused`, `overloaded`, `deadline_passed`, `set_aside`. Of kind `unknown`: batches that "
           "were not looked at, and what cannot be read."),
    Family("acd_commands_refused_total", "counter", ("kind", "reason"), "Commands that the engine refused."),
    Family("acd_commands_waiting", "gauge", (), "Commands taken and not yet applied: the inbound queue."),
    Family("acd_commands_waiting_limit", "gauge", (), "Where the inbound queue is full and callers are sent away."),
    Family("acd_decision_seconds", "histogram", (), "Applying a command: its batch's time over its commands."),
    Family("acd_batch_apply_seconds", "histogram", (), "Applying a batch, which keeps the event loop."),
    Family("acd_batch_commands", "histogram", (), "Commands of callers in a batch."),
    Family("acd_commit_seconds", "histogram", (), "Making a batch durable, from handing it over until it is known."),
    Family("acd_long_work_seconds", "histogram", (), "What takes long for one tenant and was done beside the others."),
    Family("acd_event_loop_lag_seconds", "histogram", (), "How late a timer went off, sampled ten times a second."),
    Family("acd_event_loop_stall_seconds", "gauge", (), "The longest of these in the last minute."),
    Family("acd_journal_bytes", "gauge", (), "Size of the journal's files."),
    Family("acd_data_free_bytes", "gauge", (), "Room left on the file system of the data directory."),
    Family("acd_tenants", "gauge", (), "Tenants that are open."),
    Family("acd_tenant_commands_total", "counter", ("tenant", "result"), "Commands `accepted` and `refused`."),
    Family("acd_last_seq", "gauge", ("tenant",), "The last command."),
    Family("acd_last_event_seq", "gauge", ("tenant",), "The last event."),
    Family("acd_policy_version", "gauge", ("tenant",), "The policy in force."),
    Family("acd_contacts", "gauge", ("tenant", "state"), "Contacts that are `waiting`, `offered`, `active`, in "
           "`wrap_up` or `scheduled`."),
    Family("acd_segments_opened_total", "counter", ("tenant",), "Segments opened, since the journal began."),
    Family("acd_segments_closed_total", "counter", ("tenant", "cause"), "Segments closed, since the journal began."),
    Family("acd_agents", "gauge", ("tenant", "presence", "busy"), "Agents; `busy` ones hold a contact: offered, served "
           "or in wrap-up."),
    Family("acd_longest_wait_seconds", "gauge", ("tenant",), "The longest wait for an agent, over all queues; 0 if "
           "nobody waits."),
    Family("acd_queues_with_contacts", "gauge", ("tenant",), "Queues in which somebody waits or is offered."),
    Family("acd_queue_waiting", "gauge", ("tenant", "queue"), "Contacts waiting; only the queues with series of their "
           "own."),
    Family("acd_queue_offered", "gauge", ("tenant", "queue"), "Contacts being offered; likewise."),
    Family("acd_queue_longest_wait_seconds", "gauge", ("tenant", "queue"), "The longest wait of those; likewise."),
    Family("acd_subscribers", "gauge", ("tenant",), "Open event streams."),
    Family("acd_subscriber_lag_events", "gauge", ("tenant",), "How many events the slowest of them is behind."),
    Family("acd_figures_lag_events", "gauge", ("tenant",), "How many events the figures are behind."),
    Family("acd_invariant_violations_total", "counter", ("tenant", "invariant"), "Must stay 0: `numbering`, `time`, "
           "`life`, `conservation`."),
    Family("acd_commands_set_aside", "gauge", ("tenant",), "Commands that the engine failed on, also in earlier runs."),
    Family("acd_snapshot_seq", "gauge", ("tenant",), "The last command that the newest snapshot includes."),
    Family("acd_snapshot_timestamp_seconds", "gauge", ("tenant",), "When the newest snapshot was written."),
    Family("acd_snapshot_bytes", "gauge", ("tenant",), "Its size."),
    Family("acd_snapshot_failures_total", "counter", ("tenant",), "Snapshots that could not be taken."),
)  # fmt: skip

BY_NAME: Final = {family.name: family for family in FAMILIES}

PROCESS_METRICS: Final = (
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
    "process_open_fds", "process_max_fds", "process_start_time_seconds",
    "python_info", "python_gc_collections_total", "python_gc_objects_collected_total",
    "python_gc_objects_uncollectable_total",
)  # fmt: skip
"""What the Prometheus client tells of any Python process; here beside ours."""


def table() -> str:
    """The catalogue as a Markdown table."""
    rows = ["| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        rows.append(f"| `{family.name}` | {family.kind} | {labels} | {family.help} |")
    return "\n".join(rows)
