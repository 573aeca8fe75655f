"""The pipeline: what Vertex AI would get, and a run with Kubeflow's own runner."""

import io
import json
import socket
import sys
import threading

import pytest
import yaml
from requests import Response

from app.__main__ import stages
from app.data import ingest, split
from app.errors import AppError, ConfigError
from app.history import batch_runs
from app.pipeline import deploy, run, steps
from app.registry import versions
from app.training import evaluate, gate, train

STEPS = ["ingest", "validate", "train", "evaluate", "gate", "promote", "deploy", "batch"]


@pytest.fixture
def cloud(monkeypatch, tmp_path):
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("GCP_PROJECT_ID", "example-project-123")
    monkeypatch.setenv("API_URL", "https://api.example")
    monkeypatch.setenv("PIPELINE_IMAGE", "own@sha256:01")
    monkeypatch.setattr(run, "FILE", tmp_path / "pipeline.yaml")


@pytest.fixture
def compiled(cloud):
    """Compile, and give the specification."""
    run.main("--compile")
    return next(yaml.safe_load_all(run.FILE.read_text(encoding="utf-8")))


@pytest.mark.unit
@pytest.mark.code
def test_every_step_runs_our_image_with_its_variables(compiled):
    executors = compiled["deploymentSpec"]["executors"]
    assert set(executors) == {f"exec-{name}" for name in STEPS}
    for name, executor in executors.items():
        container = executor["container"]
        assert container["image"] == "pipeline-image"
        assert "pip install" not in str(container["command"])
        variables = {one["name"]: one["value"] for one in container["env"]}
        assert variables["APP_ENV"] == "dev"
        assert variables["API_URL"] == "https://api.example"
        trains = name == "exec-train"
        assert container["resources"]["cpuLimit"] == (4.0 if trains else 2.0)
        assert container["resources"]["memoryLimit"] == (16.0 if trains else 8.0)
        assert "accelerator" not in container["resources"]


@pytest.mark.unit
@pytest.mark.code
def test_steps_follow_each_other_and_only_training_is_cached(compiled):
    tasks = compiled["root"]["dag"]["tasks"]
    for former, name in zip(STEPS, STEPS[1:], strict=False):
        assert former in tasks[name]["dependentTasks"], name
    cached = [n for n, task in tasks.items() if task["cachingOptions"].get("enableCache")]
    assert cached == ["train"]
    inputs = tasks["train"]["inputs"]["parameters"]
    assert inputs["fingerprint"]["taskOutputParameter"]["producerTask"] == "validate"
    assert inputs["code"]["taskOutputParameter"]["producerTask"] == "validate"
    assert set(inputs) == {"fingerprint", "code", "tuning"}


@pytest.mark.unit
@pytest.mark.code
def test_an_accelerator_is_one_flag(cloud, monkeypatch):
    monkeypatch.setenv("PIPELINE_ACCELERATOR", "NVIDIA_TESLA_T4")
    run.main("compile")
    spec = next(yaml.safe_load_all(run.FILE.read_text(encoding="utf-8")))
    executors = spec["deploymentSpec"]["executors"]
    found = [n for n, e in executors.items() if "accelerator" in e["container"]["resources"]]

    assert found == ["exec-train"]


@pytest.mark.unit
@pytest.mark.code
def test_the_job_has_its_own_identity_root_and_parameters(cloud, monkeypatch):
    aiplatform = pytest.importorskip("google.cloud.aiplatform")
    credentials = pytest.importorskip("google.auth.credentials").AnonymousCredentials()
    submitted = []
    monkeypatch.setattr(ingest, "ingest", lambda: {"key": "raw/0123456789ab.csv"})
    monkeypatch.setattr(
        aiplatform.PipelineJob, "submit", lambda job, **how: submitted.append((job, how))
    )
    run.submit(credentials=credentials)
    job, how = submitted[0]
    config = job.to_dict()["runtimeConfig"]

    assert how == {"service_account": "pipeline-dev@example-project-123.iam.gserviceaccount.com"}
    assert config["gcsOutputDirectory"] == "gs://example-project-123-dev/pipeline"
    given = config["parameterValues"]
    assert given == {"source": "gs://example-project-123-dev/raw/0123456789ab.csv", "tuning": ""}


@pytest.fixture
def cloud_run(cloud, monkeypatch):
    """Answer as Cloud Run does: give a function that says which image the job `batch` has."""
    monkeypatch.delenv("PIPELINE_IMAGE")
    transport = pytest.importorskip("google.auth.transport.requests")

    def runs(image, code=200):
        answer = Response()
        answer.status_code = code
        container = {"image": image}
        body = {"template": {"template": {"containers": [container]}}}
        answer.raw = io.BytesIO(json.dumps(body).encode())
        asked = []
        monkeypatch.setattr(
            transport.AuthorizedSession, "get", lambda _, url: asked.append(url) or answer
        )
        return asked

    return runs


@pytest.mark.unit
@pytest.mark.code
def test_vertex_runs_the_released_image_by_its_digest(cloud_run, monkeypatch):
    aiplatform = pytest.importorskip("google.cloud.aiplatform")
    credentials = pytest.importorskip("google.auth.credentials").AnonymousCredentials()
    monkeypatch.setattr(ingest, "ingest", lambda: {"key": "raw/0123456789ab.csv"})
    monkeypatch.setattr(aiplatform.PipelineJob, "submit", lambda *_, **__: None)
    asked = cloud_run("images/pipeline@sha256:0123")

    run.submit(credentials=credentials)

    spec = next(yaml.safe_load_all(run.FILE.read_text(encoding="utf-8")))
    executors = spec["deploymentSpec"]["executors"].values()
    assert {one["container"]["image"] for one in executors} == {"images/pipeline@sha256:0123"}
    assert asked[0].endswith("/projects/example-project-123/locations/europe-west1/jobs/batch-dev")


@pytest.mark.unit
@pytest.mark.code
def test_before_the_first_release_there_is_nothing_to_run(cloud_run):
    credentials = pytest.importorskip("google.auth.credentials").AnonymousCredentials()
    cloud_run("us-docker.pkg.dev/cloudrun/container/job")

    with pytest.raises(ConfigError, match="no image of ours: run `uv run poe release dev`"):
        run.submit(credentials=credentials)


@pytest.mark.unit
@pytest.mark.code
def test_who_may_not_see_the_job_is_told_in_a_sentence(cloud_run):
    credentials = pytest.importorskip("google.auth.credentials").AnonymousCredentials()
    cloud_run("", code=403)

    with pytest.raises(AppError, match='poe doctor "403 Client Error'):
        run.submit(credentials=credentials)


@pytest.mark.unit
@pytest.mark.code
def test_what_vertex_refuses_is_told_in_a_sentence(cloud, monkeypatch):
    aiplatform = pytest.importorskip("google.cloud.aiplatform")
    exceptions = pytest.importorskip("google.api_core.exceptions")
    credentials = pytest.importorskip("google.auth.credentials").AnonymousCredentials()
    refusal = exceptions.PermissionDenied("Permission 'iam.serviceAccounts.actAs' denied")
    monkeypatch.setattr(ingest, "ingest", lambda: {"key": "raw/0123456789ab.csv"})

    def refuse(*_, **__):
        raise refusal

    monkeypatch.setattr(aiplatform.PipelineJob, "submit", refuse)

    with pytest.raises(
        AppError, match='poe doctor "403 Permission iam.serviceAccounts.actAs denied'
    ):
        run.submit(credentials=credentials)


@pytest.mark.unit
@pytest.mark.code
@pytest.mark.parametrize("action", [deploy.main, run.submit])
def test_in_the_cloud_nobody_guesses_where_the_api_is(cloud, monkeypatch, action):
    monkeypatch.delenv("API_URL")

    with pytest.raises(ConfigError, match="API_URL is not set, and the API of dev"):
        action("a-version")


@pytest.mark.unit
@pytest.mark.code
def test_vertex_needs_a_cloud():
    for how in ("--vertex", "compile"):
        with pytest.raises(ConfigError, match="APP_ENV is 'local'"):
            run.main(how)


@pytest.mark.unit
@pytest.mark.code
def test_an_unknown_way_is_refused():
    with pytest.raises(ConfigError, match="pipeline moon: give one of local, plain"):
        run.main("moon")


@pytest.mark.system
@pytest.mark.service
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="Kubeflow's local runner needs a shell")
def test_the_same_file_runs_here(free_port, tmp_path):
    run.main()

    version = versions.champion().version
    assert versions.evaluation_of(version).reasons == []
    assert batch_runs.whole()[0][-1].model_version == version
    assert len(batch_runs.scored(batch_runs.whole()[0][-1].table, 10_000)[0]) == len(
        split.read_examples()
    )
    kept = list((tmp_path / "store/pipeline").rglob("*"))
    assert {"raw", "model", "card"} <= {path.name for path in kept}


@pytest.mark.system
@pytest.mark.service
def test_known_data_start_nothing(champion, caplog):
    caplog.set_level("INFO")

    run.if_new("moon")

    assert "was judged on these data already" in caplog.text


@pytest.mark.system
@pytest.mark.service
def test_data_whose_model_was_refused_start_nothing_again(champion, caplog):
    caplog.set_level("INFO")
    deploy.withdraw(champion)
    versions.add_verdict(champion, ["too bad"])

    run.if_new("moon")

    assert "was judged on these data already" in caplog.text


@pytest.mark.system
@pytest.mark.service
def test_new_data_start_a_run():
    with pytest.raises(ConfigError, match="pipeline moon"):
        run.if_new("moon")


@pytest.mark.system
@pytest.mark.service
def test_a_version_that_is_not_served_is_withdrawn(champion, free_port, monkeypatch):
    monkeypatch.setenv("DEPLOY_SECONDS", "0")
    second = train.train(split.read_examples())
    evaluate.main(second)
    gate.main(second)
    gate.promote(second)

    with pytest.raises(deploy.DeployFailed, match=f"does not serve {second} after 0 s"):
        deploy.main(second)

    assert versions.champion().history == [champion]


@pytest.mark.system
@pytest.mark.service
def test_an_api_takes_the_champion_up(champion, free_port, monkeypatch):
    with deploy.running_api():
        deploy.main()

    assert versions.champion().history == [champion]
    monkeypatch.setenv("DEPLOY_SECONDS", "0")
    with pytest.raises(deploy.DeployFailed):
        deploy.main()
    assert versions.champion().history == [champion], "it was served before: the API is unwell"


@pytest.mark.system
@pytest.mark.service
@pytest.mark.parametrize("answer", [b"-ERR\r\n", b"HTTP/1.1 200 OK\r\n\r\n[]", b""])
def test_something_else_at_the_address_is_no_api(champion, monkeypatch, answer):
    monkeypatch.setenv("DEPLOY_SECONDS", "0")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{server.getsockname()[1]}")

        def say():
            asker, _ = server.accept()
            asker.recv(1000)
            asker.sendall(answer)
            asker.close()

        threading.Thread(target=say, daemon=True).start()
        with pytest.raises(deploy.DeployFailed, match="it answers:"):
            deploy.main()


class Artifact:
    """A file of a step, as Kubeflow gives it."""

    def __init__(self, path):
        self.path, self.metrics = path, {}
        self.log_metric = self.metrics.__setitem__


@pytest.mark.model
def test_the_card_of_a_step_tells_the_reasons(champion, small_tree, tmp_path):
    bad = train.train(split.read_examples(), gain=1e9)
    metrics, card = Artifact(""), Artifact(str(tmp_path / "card"))

    steps.evaluate(bad, metrics, card)

    text = (tmp_path / "card").read_text(encoding="utf-8")
    assert "| **Gate** | refused " in text
    assert "below the champion" in text
    assert versions.record_of(bad).data.fingerprint in text
    assert versions.evaluation_of(bad).metric in metrics.metrics
    assert versions.evaluation_of(bad).reasons is None, "the gate has not judged yet"
    steps.evaluate(champion, metrics, card)
    assert "| **Gate** | passed |" in (tmp_path / "card").read_text(encoding="utf-8")


@pytest.mark.unit
@pytest.mark.code
def test_every_stage_is_a_step():
    assert list(stages()) == STEPS
