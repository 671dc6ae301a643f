"""The benches of many tenants and of noisy ones still run; what they measure is no matter here."""

from bench import long_neighbours, neighbours, tenants


def test_tenants_are_made_and_found_again() -> None:
    found = tenants.report(2)
    assert found["tenants"] == 2
    assert found["target"]["value"] > 0
    assert set(found["made"]) == {"rss_bytes", "threads", "open_files"}
    assert "agents" in tenants.text(found)


def test_a_noisy_tenant_is_held_to_its_quota() -> None:
    found = neighbours.report(seconds=0.5, rounds=1)
    assert tuple(found["runs"]) == neighbours.KINDS
    assert found["runs"]["quota"]["noisy"]["calls"]["RESOURCE_EXHAUSTED"] > 0
    assert "RESOURCE_EXHAUSTED" not in found["runs"]["paced"]["noisy"]["calls"]
    assert "quiet tenant" in neighbours.text(found)


def test_a_quiet_tenant_is_answered_beside_long_work() -> None:
    found = long_neighbours.report(waiting=200, seconds=0.5, rounds=1)
    assert tuple(found["runs"]) == long_neighbours.KINDS
    assert all(row["good"] == row["planned"] for row in found["runs"].values())
    assert "quiet tenant" in long_neighbours.text(found)
