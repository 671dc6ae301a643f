"""What a run of Locust came to, as one JSON object."""

from typing import Any

from locust.env import Environment


def summary_of(environment: Environment) -> dict[str, Any]:
    """Counts, times in ms and failures, by the name of what was done; of the whole run, all workers together."""
    stats = environment.stats
    exceptions = environment.runner.exceptions if environment.runner is not None else {}
    return {
        "requests": stats.total.num_requests,
        "failures": stats.total.num_failures,
        "seconds": round((stats.total.last_request_timestamp or 0) - stats.total.start_time, 1),
        "by_name": {
            entry.name: {
                "requests": entry.num_requests,
                "failures": entry.num_failures,
                "p50_ms": entry.get_response_time_percentile(0.5),
                "p99_ms": entry.get_response_time_percentile(0.99),
                "max_ms": round(entry.max_response_time, 1),
            }
            for entry in sorted(stats.entries.values(), key=lambda entry: entry.name)
        },
        "errors": [
            {"name": error.name, "error": str(error.error), "times": error.occurrences}
            for error in stats.errors.values()
        ],
        "exceptions": [{"error": one["msg"], "times": one["count"]} for one in exceptions.values()],
    }
