"""The figures of queues and agents: a projection of the event stream, in a file of its own that may be dropped."""
