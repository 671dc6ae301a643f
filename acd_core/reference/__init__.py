"""The engine in plain Python: the specification that runs, written to be read beside the routing model.

>>> from acd_core.commands import EnqueueContact
>>> from acd_core.reference import ReferenceEngine
>>> engine = ReferenceEngine(seed=7)
>>> engine.counts().opened
0
"""

from acd_core.reference.engine import ReferenceEngine

__all__ = ["ReferenceEngine"]
