"""Customers as CSV or JSON lines, read and written row by row: docs/customers.md has the columns.

In CSV a list stands in one cell with semicolons between its entries, an attribute as `name=value`; an entry that has a
semicolon, a double quote or a space at its end stands in double quotes, a double quote in it doubled.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TextIO

from acd_core.refusal import Reason, Refused
from acd_service.customers.customer import Address, AddressKind, Customer
from acd_service.row_file import BadRow, RefusedRow, csv_rows, refused_row, text_rows

COLUMNS: Final = (
    "customer_id", "display_name", "phones", "mails", "handles", "priority", "credit_ms", "requirement",
    "preferred_agent_ids", "attributes",
)  # fmt: skip
_KINDS: Final = {"phones": AddressKind.PHONE, "mails": AddressKind.MAIL, "handles": AddressKind.HANDLE}
_LISTS: Final = (*_KINDS, "preferred_agent_ids")
_NUMBERS: Final = ("priority", "credit_ms")
_ENTRY = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^;"]*?))\s*(?:;|$)')
_NEEDS_QUOTES = re.compile(r'[;"]|^\s|\s$')
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer, and the line that it came from."""

    line: int
    customer: Customer


def read_customers(file: TextIO, *, json_lines: bool) -> Iterator[CustomerRow | RefusedRow]:
    """The customers of a file, one at a time; bad rows are given as refused. One that appeared before is refused as
    DUPLICATE_ENTRY. A CSV header that cannot be used is the only row given.
    """
    seen: dict[str, int] = {}
    for line, content in text_rows(file) if json_lines else csv_rows(file, "customer_id", COLUMNS):
        try:
            if isinstance(content, BadRow):
                raise content
            if isinstance(content, str):
                row = _parsed(content)
            else:
                row = {name: _of_cell(name, cell) for name, cell in content.items()}
            customer = _customer(row)
            earlier = seen.setdefault(customer.customer_id, line)
            if earlier != line:
                text = f'"{customer.customer_id}" was in line {earlier} before'
                raise BadRow("customer_id", Reason.DUPLICATE_ENTRY, text)
            yield CustomerRow(line, customer)
        except (Refused, BadRow) as refused:
            yield refused_row(line, refused.field, refused.reason, refused.message)


def write_customers(customers: Iterable[Customer], file: TextIO, *, json_lines: bool) -> int:
    """Write customers so that `read_customers` gives the same ones; returns how many."""
    count = 0
    writer = csv.writer(file, lineterminator="\n")
    if not json_lines:
        writer.writerow(COLUMNS)
    for customer in customers:
        values = _values(customer)
        if json_lines:
            file.write(json.dumps(values, ensure_ascii=False) + "\n")
        else:
            writer.writerow(_cell(values[name]) for name in COLUMNS)
        count += 1
    return count


def _of_cell(name: str, cell: str) -> Any:
    if name in _NUMBERS:
        if cell.strip() and not _NUMBER.fullmatch(cell.strip()):
            raise BadRow(name, "WRONG_TYPE", f'expected a whole number, found "{cell[:40]}"')
        return int(cell) if cell.strip() else 0
    if name in _LISTS:
        return _entries(name, cell)
    if name == "attributes":
        pairs = [entry.partition("=") for entry in _entries(name, cell)]
        for key, equals, _ in pairs:
            if not equals:
                raise BadRow(name, "SYNTAX", f'expected name=value, found "{key[:40]}"')
        return {key.strip(): value for key, _, value in pairs}
    return cell


def _entries(name: str, cell: str) -> list[str]:
    """The entries of a cell like `a;"b;c"`."""
    entries, position = [], 0
    while position < len(cell.rstrip()):
        match = _ENTRY.match(cell, position)
        if match is None:
            raise BadRow(name, "SYNTAX", f'expected entries with semicolons between them at "{cell[position:][:30]}"')
        entries.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        position = match.end()
    return entries


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name}={text}" for name, text in value.items()]
    if isinstance(value, list):
        return ";".join('"' + e.replace('"', '""') + '"' if _NEEDS_QUOTES.search(e) else e for e in value)
    return "" if value == 0 else str(value)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRow("", "SYNTAX", f"not JSON that can be read: {error}") from None
    if not isinstance(row, dict):
        raise BadRow("", "WRONG_TYPE", "expected an object in braces")
    unknown = [key for key in row if key not in COLUMNS]
    if unknown:
        raise BadRow(unknown[0], "UNKNOWN_KEY", f'unknown key "{unknown[0]}"; known are {", ".join(COLUMNS)}')
    return row


def _customer(row: Mapping[str, Any]) -> Customer:
    addresses = [
        Address(kind, value) for name, kind in _KINDS.items() for value in _typed(row.get(name, []), list, name)
    ]
    for address in addresses:
        _typed(address.value, str, "addresses")
    attributes = _typed(row.get("attributes", {}), dict, "attributes")
    for name, value in attributes.items():
        _typed(value, str, f'attributes["{name}"]')
    return Customer(
        _typed(row.get("customer_id", ""), str, "customer_id"),
        _typed(row.get("display_name", ""), str, "display_name"),
        tuple(addresses),
        _typed(row.get("priority", 0), int, "priority"),
        _typed(row.get("credit_ms", 0), int, "credit_ms"),
        _typed(row.get("requirement", ""), str, "requirement"),
        tuple(
            _typed(agent_id, str, "preferred_agent_ids")
            for agent_id in _typed(row.get("preferred_agent_ids", []), list, "preferred_agent_ids")
        ),
        tuple(attributes.items()),
    )


_TYPE_WORDS: Final = {str: "text", int: "a whole number", dict: "an object", list: "a list"}


def _typed(value: Any, kind: type, field: str) -> Any:
    if type(value) is not kind:
        raise BadRow(field, "WRONG_TYPE", f"expected {_TYPE_WORDS[kind]}, found {json.dumps(value)[:40]}")
    return value


def _values(customer: Customer) -> dict[str, Any]:
    values: dict[str, Any] = {"customer_id": customer.customer_id, "display_name": customer.display_name}
    for name, kind in _KINDS.items():
        values[name] = [address.value for address in customer.addresses if address.kind is kind]
    return values | {
        "priority": customer.priority,
        "credit_ms": customer.credit_ms,
        "requirement": customer.requirement,
        "preferred_agent_ids": list(customer.preferred_agent_ids),
        "attributes": dict(customer.attributes),
    }
