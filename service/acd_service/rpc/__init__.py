"""One thin file for each gRPC service."""
