"""The examples in docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import acd_core

MODULES = [
    f"acd_core.{module.name}" for module in pkgutil.iter_modules(acd_core.__path__) if not module.name.startswith("_")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    failed, _tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples() -> None:
    tried = sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES)
    assert tried >= 5
