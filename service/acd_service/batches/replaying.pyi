from acd_service.engine_interface import RoutingEngine

class Astray(Exception):
    seq: int
    what: str
    is_engine_fault: bool

def replay_chunk(engine: RoutingEngine, content: bytes, /) -> int: ...
