"""What a PBX states of its live contacts and agents, held against the engine, and repaired (docs/reconcile.md)."""
