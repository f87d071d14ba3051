"""The files in deploy/, by the validators of those who read them."""

import json
import shutil
import subprocess
from pathlib import Path

import click
import kubernetes_validate
import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from keras_fashion.app.cli.train import train
from keras_fashion.errors import TryAgain

DEPLOY = Path(__file__).parents[2] / "deploy"


def documents(name):
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


@pytest.fixture(scope="module")
def container():
    (deployment,) = (each for each in documents("kubernetes.yaml") if each["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]["containers"][0]


@pytest.fixture(scope="module")
def compose():
    return documents("compose.yaml")[0]["services"]


def monitoring_config():
    """TensorFlow Serving's MonitoringConfig, which its Python package leaves out."""
    fields = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="monitoring.proto", package="serving")
    prometheus = file.message_type.add(name="PrometheusConfig")
    optional = fields.LABEL_OPTIONAL
    prometheus.field.add(name="enable", number=1, type=fields.TYPE_BOOL, label=optional)
    prometheus.field.add(name="path", number=2, type=fields.TYPE_STRING, label=optional)
    config = file.message_type.add(name="MonitoringConfig")
    config.field.add(
        name="prometheus_config",
        number=1,
        type=fields.TYPE_MESSAGE,
        type_name=".serving.PrometheusConfig",
        label=optional,
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("serving.MonitoringConfig"))()


def test_the_models_are_those_that_export_writes(container, compose):
    text = (DEPLOY / "tensorflow_serving" / "models.config").read_text("utf-8")
    models = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    assert [model.name for model in models] == ["recommender", "designer"]
    for model in models:
        assert model.base_path == f"/models/{model.name}"
        assert model.model_platform == "tensorflow"
        assert model.model_version_policy.latest.num_versions == 2
        assert dict(model.version_labels) == {"stable": 1}
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in container["volumeMounts"]
    assert any(each.endswith(":/models:ro") for each in compose["serving"]["volumes"])


def test_prometheus_asks_where_the_server_answers():
    text = (DEPLOY / "tensorflow_serving" / "monitoring.config").read_text("utf-8")
    served = text_format.Parse(text, monitoring_config()).prometheus_config
    assert served.enable
    scraped = documents("prometheus.yml")[0]["scrape_configs"][0]
    assert scraped["metrics_path"] == served.path
    assert f"prometheus.io/path: {served.path}" in (DEPLOY / "kubernetes.yaml").read_text("utf-8")


@pytest.mark.parametrize("version", ["1.30", "1.34"])
@pytest.mark.parametrize(
    ("manifest", "kinds"),
    [
        (
            "kubernetes.yaml",
            {"Deployment", "PersistentVolumeClaim", "PodDisruptionBudget", "Service"},
        ),
        ("training.yaml", {"Job", "NetworkPolicy", "PersistentVolumeClaim", "Service"}),
    ],
)
def test_kubernetes_takes_the_manifest(manifest, kinds, version):
    found = documents(manifest)
    for document in found:
        kubernetes_validate.validate(document, version, strict=True)
    assert {document["kind"] for document in found} == kinds and len(found) == len(kinds)


def test_the_validator_would_find_a_mistake(container):
    wrong = documents("kubernetes.yaml")[1]
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.30", strict=True)


def test_both_start_the_server_alike(container, compose):
    serving = compose["serving"]
    assert serving["command"] == container["args"]
    assert serving["image"] == container["image"]
    assert serving["image"].startswith("tensorflow/serving:")
    configured = [each.split("=/config/")[1] for each in serving["command"] if "/config/" in each]
    generated = documents("kustomization.yaml")[0]["configMapGenerator"][0]["files"]
    assert {Path(each).name for each in generated} == set(configured)
    assert all((DEPLOY / each).is_file() for each in generated)


def test_what_compose_mounts_is_there(compose):
    mounted = [each.split(":")[0] for service in compose.values() for each in service["volumes"]]
    files = [each for each in mounted if each.startswith("./")]
    assert len(files) == 3
    assert all((DEPLOY / each).exists() for each in files)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_its_configuration():
    for asked in (["config", "prometheus.yml"], ["rules", "alerts.yml"]):
        done = subprocess.run(
            ["promtool", "check", *asked], cwd=DEPLOY, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_puts_the_configuration_into_the_manifest():
    done = subprocess.run(["kubectl", "kustomize", str(DEPLOY)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (config,) = (each for each in yaml.safe_load_all(done.stdout) if each["kind"] == "ConfigMap")
    assert set(config["data"]) == {"models.config", "monitoring.config"}


def job_of_training():
    return next(each for each in documents("training.yaml") if each["kind"] == "Job")


def test_the_training_finds_its_workers(tmp_path):
    """The script of the manifest, with another program in the place of the command."""
    job = job_of_training()
    service = next(each for each in documents("training.yaml") if each["kind"] == "Service")
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert spec["completions"] == spec["parallelism"] == int(environment["WORKERS"])
    command = tmp_path / "keras-fashion"
    command.write_text(
        '#!/bin/sh\nprintf %s "$TF_CONFIG"\nfor each; do echo; printf %s $each; done'
    )
    command.chmod(0o755)
    environment |= {"PATH": f"{tmp_path}:/usr/bin:/bin", "JOB_COMPLETION_INDEX": "1"}
    done = subprocess.run(
        [*container["command"], *container["args"]], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    config, end = json.JSONDecoder().raw_decode(done.stdout)
    name, port = job["metadata"]["name"], container["ports"][0]["containerPort"]
    assert pod["subdomain"] == service["metadata"]["name"] and port == 2222
    assert config == {
        "cluster": {"worker": [f"{name}-{n}.{pod['subdomain']}:{port}" for n in range(2)]},
        "task": {"type": "worker", "index": 1},
    }
    assert service["spec"]["selector"] == {"job-name": name}
    # Options are those of the command line.
    arguments = done.stdout[end:].split()
    assert arguments[0] == "train" and arguments[-2:] == ["--devices", "multi-worker"]
    command = train.get_command(click.Context(train), "dvbpr")
    known = {option for each in command.params for option in each.opts}
    assert {each for each in arguments if each.startswith("--")} <= known


def test_the_cluster_tries_again_what_may_succeed_and_nothing_else():
    rules = {
        rule["action"]: rule["onExitCodes"]["values"]
        for rule in job_of_training()["spec"]["podFailurePolicy"]["rules"]
        if "onExitCodes" in rule
    }
    assert rules == {
        "Ignore": [TryAgain.exit_code],
        "FailJob": [click.ClickException.exit_code, click.UsageError.exit_code],
    }
