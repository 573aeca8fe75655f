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

from app.__main__ import guarded
from app.contract import model_inputs
from app.errors import ConfigError
from app.registry import reference, versions

PLACE = Path("local/triton")
NAME = "champion"


def main() -> None:
    """Make, check and prove; then ask, if an address is given."""
    url = read_url(sys.argv[1:])
    predictor = versions.load_champion()
    folder = make(predictor.version)
    config = triton_config.check(folder)
    frame = reference.read(predictor.version)
    answers = run(folder, config, model_inputs.to_inputs(frame))
    wanted = predictor.scores(frame)
    difference = triton_asking.compare(folder.as_posix(), answers, predictor, wanted)
    print(f"{folder.as_posix()} is model {predictor.version}, config.pbtxt fits its ONNX file")
    print(f"{len(frame)} records: largest difference from our own answers {difference:.1e}")
    if url:
        for line in triton_asking.report(url, config, frame, predictor):
            print(line, flush=True)


def read_url(words: list[str]) -> str:
    """Read the address to ask, if there is one."""
    match words:
        case []:
            return ""
        case [word] if word.startswith(("--ask=http://", "--ask=https://")):
            return word.removeprefix("--ask=")
    raise ConfigError(f"{' '.join(words)!r}: give nothing, or --ask=http://127.0.0.1:8000.")


def make(version: str) -> Path:
    """Write the repository of a version, and which images Kubernetes shall run; give its folder."""
    folder = PLACE / "model_repository" / NAME
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.onnx").write_bytes(versions.model_of(version))
    triton_config.write(folder, version, versions.record_of(version).classes)
    content = {
        "resources": ["../../triton-server/kubernetes"],
        "images": [{"name": "model-repository", "newTag": version}],
    }
    text = json.dumps(content, indent=2)  # every JSON is YAML
    (PLACE / "kustomization.yaml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, config: Any, inputs: model_inputs.Arrays) -> npt.NDArray[Any]:
    """Answer with the repository's ONNX file, by the names, types and sizes of `config.pbtxt`."""
    session = triton_config.open_session(folder / "1" / "model.onnx")
    given = {of.name: triton_config.shape(inputs[of.name], of) for of in config.input}
    (output,) = config.output
    (answers,) = session.run([output.name], given)
    return np.asarray(answers).reshape(-1, *output.dims)


if __name__ == "__main__":
    guarded(main)
