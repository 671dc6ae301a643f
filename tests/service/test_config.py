"""Settings: refused by name when they are wrong."""

from pathlib import Path

import pytest

from acd_service.config import BadConfig, Config
from acd_service.identity.exposure import NotLoopback, check_exposure


def test_a_file_of_settings_and_what_overrides_it(tmp_path):
    path = tmp_path / "acd.yaml"
    path.write_text("data_dir: /var/lib/acd\nprogress_s: 2\nseed: 7\n")
    config = Config.load(path, listen="127.0.0.1:1", clock=None)
    assert (config.data_dir, config.progress_s, config.seed) == (Path("/var/lib/acd"), 2, 7)
    assert (config.listen, config.clock) == ("127.0.0.1:1", "wall")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("data_dir: d\nprogres_s: 2", "progres_s"),
        ("data_dir: d\nprogress_s: fast", "progress_s"),
        ("data_dir: d\nprogress_s: 0", "progress_s"),
        ("data_dir: d\nclock: sundial", "clock"),
        ("data_dir: d\njournal_synchronous: OFF", "journal_synchronous"),
        ("data_dir: d\nseed: -1", "seed"),
        ("data_dir: d\nbatch_commands_max: 1.5", "batch_commands_max"),
        ("- a\n- b", "mapping"),
        ("data_dir: [", "acd.yaml"),
    ],
)
def test_wrong_settings_are_named(tmp_path, text, says):
    path = tmp_path / "acd.yaml"
    path.write_text(text)
    with pytest.raises(BadConfig, match=says):
        Config.load(path)


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.8.8.8:1", "[::1]:7", "localhost:7007", "unix:/tmp/x"])
def test_loopback_addresses(listen):
    check_exposure(Config(listen=listen))


@pytest.mark.parametrize(
    ("listen", "error"),
    [("0.0.0.0:1", NotLoopback), ("10.0.0.1:1", NotLoopback), ("[::]:1", NotLoopback), ("acd.example:1", NotLoopback),
     ("127.0.0.1", BadConfig), ("127.0.0.1:http", BadConfig), ("127.0.0.1:70000", BadConfig)],
)  # fmt: skip
def test_other_addresses(listen, error):
    with pytest.raises(error):
        check_exposure(Config(listen=listen))
