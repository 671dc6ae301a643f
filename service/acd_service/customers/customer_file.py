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
from acd_service.roster_file import LINE_CHARACTERS_MAX, RefusedRow

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


class _Bad(Exception):
    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.field, self.reason, self.message = field, reason, message


def read_customers(file: TextIO, *, json_lines: bool) -> Iterator[CustomerRow | RefusedRow]:
    """The customers of a file, one at a time; bad rows are given as refused. One that appeared before is refused as
    DUPLICATE_ENTRY. A CSV header that cannot be used is the only row given.
    """
    seen: dict[str, int] = {}
    for line, row in _json_rows(file) if json_lines else _csv_rows(file):
        try:
            if isinstance(row, _Bad):
                raise row
            customer = _customer(row)
            earlier = seen.setdefault(customer.customer_id, line)
            if earlier != line:
                text = f'"{customer.customer_id}" was in line {earlier} before'
                raise _Bad("customer_id", Reason.DUPLICATE_ENTRY, text)
            yield CustomerRow(line, customer)
        except (Refused, _Bad) as refused:
            yield RefusedRow(line, _printable(refused.field), str(refused.reason), _printable(refused.message))


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


def _csv_rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | _Bad]]:
    reader = csv.reader(file, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        yield 1, _Bad("", "SYNTAX", str(error))
        return
    if "customer_id" not in header:
        known = ", ".join(COLUMNS)
        yield 1, _Bad("customer_id", Reason.EMPTY, f"the header needs a column customer_id; known are {known}")
        return
    for index, name in enumerate(header):
        if name not in COLUMNS:
            yield 1, _Bad(name, "UNKNOWN_KEY", f'unknown column "{name}"; known are {", ".join(COLUMNS)}')
            return
        if name in header[:index]:
            yield 1, _Bad(name, Reason.DUPLICATE_ENTRY, f'the column "{name}" appears more than once')
            return
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _Bad("", "SYNTAX", str(error))
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            yield line, _Bad("", "SYNTAX", f"{len(cells)} cells, the header has {len(header)}")
            continue
        try:
            yield line, {name: _of_cell(name, cell) for name, cell in zip(header, cells, strict=True)}
        except _Bad as bad:
            yield line, bad


def _of_cell(name: str, cell: str) -> Any:
    if name in _NUMBERS:
        if cell.strip() and not _NUMBER.fullmatch(cell.strip()):
            raise _Bad(name, "WRONG_TYPE", f'expected a whole number, found "{cell[:40]}"')
        return int(cell) if cell.strip() else 0
    if name in _LISTS:
        return _entries(name, cell)
    if name == "attributes":
        pairs = [entry.partition("=") for entry in _entries(name, cell)]
        for key, equals, _ in pairs:
            if not equals:
                raise _Bad(name, "SYNTAX", f'expected name=value, found "{key[:40]}"')
        return {key.strip(): value for key, _, value in pairs}
    return cell


def _entries(name: str, cell: str) -> list[str]:
    """The entries of a cell like `a;"b;c"`."""
    entries, position = [], 0
    while position < len(cell.rstrip()):
        match = _ENTRY.match(cell, position)
        if match is None:
            raise _Bad(name, "SYNTAX", f'expected entries with semicolons between them at "{cell[position:][:30]}"')
        entries.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        position = match.end()
    return entries


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name}={text}" for name, text in value.items()]
    if isinstance(value, list):
        return ";".join('"' + e.replace('"', '""') + '"' if _NEEDS_QUOTES.search(e) else e for e in value)
    return "" if value == 0 else str(value)


def _json_rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | _Bad]]:
    for line, text in enumerate(iter(lambda: file.readline(LINE_CHARACTERS_MAX), ""), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield line, _Bad("", "SYNTAX", f"not JSON that can be read: {error}")
            continue
        if not isinstance(row, dict):
            yield line, _Bad("", "WRONG_TYPE", "expected an object in braces")
            continue
        unknown = [key for key in row if key not in COLUMNS]
        if unknown:
            known = ", ".join(COLUMNS)
            yield line, _Bad(unknown[0], "UNKNOWN_KEY", f'unknown key "{unknown[0]}"; known are {known}')
            continue
        yield line, row


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
        raise _Bad(field, "WRONG_TYPE", f"expected {_TYPE_WORDS[kind]}, found {json.dumps(value)[:40]}")
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


def _printable(text: str) -> str:
    """Bytes that were not UTF-8 are shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
