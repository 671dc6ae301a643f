"""The Kubernetes example: well-formed, hardened, and in step with the service and with itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from acd_service.cli import acd
from acd_service.config import Config
from acd_service.metrics.endpoint import READY_PATH

DEPLOY = Path(__file__).parents[2] / "service/deploy"


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    found = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    assert all(set(thing) >= {"apiVersion", "kind", "metadata"} for thing in found)
    return {thing["kind"]: thing for thing in found}


@pytest.fixture(scope="module")
def pod(objects) -> dict[str, Any]:
    return objects["StatefulSet"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod) -> dict[str, Any]:
    (only,) = pod["containers"]
    return only


@pytest.fixture
def config(objects, tmp_path: Path) -> Config:
    (name,) = objects["ConfigMap"]["data"]
    (tmp_path / name).write_text(objects["ConfigMap"]["data"][name])
    return Config.load(tmp_path / name)


def test_the_settings_are_valid_and_open_to_others_only_with_tls_and_credentials(config: Config) -> None:
    from acd_service.identity.exposure import check_exposure, is_loopback

    assert not is_loopback(config.listen)
    assert not config.access.insecure_listen
    check_exposure(config)


def test_ports_of_settings_container_and_service_are_the_same(objects, container, config: Config) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["grpc"] == int(config.listen.rpartition(":")[2])
    assert ports["metrics"] == int(config.metrics.listen.rpartition(":")[2])
    for port in objects["Service"]["spec"]["ports"]:
        assert port["port"] == ports[port["targetPort"]]
    notes = objects["StatefulSet"]["spec"]["template"]["metadata"]["annotations"]
    assert int(notes["prometheus.io/port"]) == ports["metrics"]


def test_labels_select_the_pod(objects) -> None:
    stateful = objects["StatefulSet"]["spec"]
    labels = stateful["template"]["metadata"]["labels"]
    assert stateful["selector"]["matchLabels"].items() <= labels.items()
    assert objects["Service"]["spec"]["selector"].items() <= labels.items()
    assert stateful["serviceName"] == objects["Service"]["metadata"]["name"]


def test_one_writer_on_a_volume_of_its_own(objects, container) -> None:
    stateful = objects["StatefulSet"]["spec"]
    assert stateful["replicas"] == 1
    (claim,) = stateful["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    arguments = container["args"]
    assert mounts[claim["metadata"]["name"]] == arguments[arguments.index("--data") + 1]


def test_every_mount_has_a_volume_and_every_file_of_the_settings_a_mount(objects, pod, container, config) -> None:
    volumes = {volume["name"] for volume in pod["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in objects["StatefulSet"]["spec"]["volumeClaimTemplates"]}
    paths = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    arguments = container["args"]
    assert arguments[arguments.index("--config") + 1] in paths
    for file in (config.tls.certificate, config.tls.key, config.access.api_keys):
        assert str(Path(file).parent) in paths, file


def test_it_may_do_nothing_that_it_need_not(pod, container) -> None:
    assert pod["automountServiceAccountToken"] is False
    outside = pod["securityContext"]
    assert outside["runAsNonRoot"] is True
    assert outside["seccompProfile"] == {"type": "RuntimeDefault"}
    inside = container["securityContext"]
    assert inside["allowPrivilegeEscalation"] is False
    assert inside["readOnlyRootFilesystem"] is True
    assert inside["capabilities"] == {"drop": ["ALL"]}
    assert f"USER {outside['runAsUser']}:{outside['runAsGroup']}" in (DEPLOY / "Dockerfile").read_text()
    assert container["resources"]["limits"]["memory"]


def test_probes_ask_what_the_service_answers(container, config: Config) -> None:
    for probe in (container["startupProbe"], container["readinessProbe"]):
        assert probe["httpGet"] == {"path": READY_PATH, "port": "metrics"}
    command = container["livenessProbe"]["exec"]["command"]
    assert command[0] == "acd"
    shown = CliRunner().invoke(acd, [command[1], "--help"]).output
    assert all(word in shown for word in command if word.startswith("--"))
    assert command[command.index("--server") + 1].rpartition(":")[2] == config.listen.rpartition(":")[2]


def test_arguments_are_those_that_acd_takes(container) -> None:
    shown = CliRunner().invoke(acd, [container["args"][0], "--help"]).output
    assert all(word in shown for word in container["args"] if word.startswith("--"))


def test_there_is_time_to_stop(pod, config: Config) -> None:
    assert config.stop_grace_s + 5 < pod["terminationGracePeriodSeconds"]
