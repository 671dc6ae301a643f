"""Routers on Redis and on PostgreSQL, built as one would without a routing core, beside ours on the same workload."""
