"""A model repository for Triton from the champion: made, checked, and compared with what we answer.

`--ask=URL` also asks a server that serves it, and our API beside it if that runs.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import triton_asking
import triton_config
from tritonclient.utils import triton_to_np_dtype

from app.__main__ import guarded
from app.contract import model_inputs
from app.errors import ConfigError, ModelRefused
from app.registry import reference, versions

PLACE = Path("local/triton")
NAME = "champion"
TOLERANCE = 1e-4
"""Numbers may differ by so much of their size, because sums are made in another order."""


def main() -> None:
    """Make, check and prove; then ask, if an address is given."""
    match sys.argv[1:]:
        case []:
            url = ""
        case [word] if word.startswith("--ask=") and word != "--ask=":
            url = word.removeprefix("--ask=")
        case words:
            raise ConfigError(f"{' '.join(words)!r}: give nothing, or --ask=http://127.0.0.1:8000.")
    predictor = versions.load_champion()
    folder = make(predictor.version)
    config = triton_config.check(folder)
    frame = reference.read(predictor.version)
    inputs, wanted = model_inputs.to_inputs(frame), predictor.scores(frame)
    difference = compare(run(folder, config, inputs), wanted)
    print(f"{folder.as_posix()}: model {predictor.version}")
    print(f"checked; {len(wanted)} records, largest difference from our answers {difference:.1e}")
    if url:
        server = triton_asking.Server(url, config)
        for line in triton_asking.report(server, predictor.version, frame, wanted):
            print(line)


def make(version: str) -> Path:
    """Write the repository of a version, and what Kubernetes takes it from; give its folder."""
    folder = PLACE / "model_repository" / NAME
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.onnx").write_bytes(versions.model_of(version))
    triton_config.write(folder, version, versions.record_of(version).classes)
    content = {
        "resources": ["../../serving/triton/kubernetes"],
        "images": [{"name": "model-repository", "newTag": version}],
    }
    text = json.dumps(content, indent=2)  # every JSON is YAML
    (PLACE / "kustomization.yaml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, config: Any, inputs: model_inputs.Arrays) -> npt.NDArray[Any]:
    """Answer with the repository's ONNX file, by names, types and dimensions of `config.pbtxt`."""
    session = triton_config.open_session(folder / "1" / "model.onnx")
    given = {of.name: triton_asking.shape(inputs[of.name], of) for of in config.input}
    (output,) = config.output
    (answers,) = session.run([output.name], given)
    return np.asarray(answers).reshape(-1, *output.dims)
