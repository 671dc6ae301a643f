from acd_service.engine_interface import RoutingEngine

class Astray(Exception):
    seq: int
    what: str
    is_engine_fault: bool
    def __init__(self, seq: int, what: str, is_engine_fault: bool = False) -> None: ...

def replay_chunk(engine: RoutingEngine, content: bytes, /) -> int: ...
