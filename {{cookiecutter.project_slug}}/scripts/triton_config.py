"""The description of a model for Triton, `config.pbtxt`: written from its ONNX file, and checked.

Triton counts the first dimension, that of the records, by `max_batch_size`; so it is in no `dims`.
"""

# pylint: disable=no-member # protobuf makes the classes of model_config_pb2 when it is imported

from collections import Counter
from pathlib import Path
from typing import Any

import numpy.typing as npt
import onnxruntime
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2
from tritonclient.utils import triton_to_np_dtype

from app.errors import ConfigError, ModelRefused

DECIDED = Path("triton-server/config.pbtxt")
LABELS = "labels.txt"
_BACKEND = "onnxruntime"
_TYPES = {
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(int64)": "TYPE_INT64",
    "tensor(bool)": "TYPE_BOOL",
    "tensor(string)": "TYPE_STRING",
}


def open_session(model: Path) -> onnxruntime.InferenceSession:
    """Load an ONNX file as Triton shall: on the processor, with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def write(folder: Path, version: str, classes: list[Any] | None) -> None:
    """Write `config.pbtxt` beside `1/model.onnx`, and the names of the classes if it has any.

    Of the outputs only the last is described, the scores: the highest is that of the answer.
    """
    session = open_session(folder / "1" / "model.onnx")
    labels = [f'label_filename: "{LABELS}"'] if classes else []
    lines = [
        DECIDED.read_text(encoding="utf-8").strip(),
        f'name: "{folder.name}"',
        _block("parameters", 'key: "version"', _block("value", f'string_value: "{version}"')),
        *(_block("input", describe(tensor)) for tensor in session.get_inputs()),
        _block("output", describe(session.get_outputs()[-1]), *labels),
    ]
    (folder / "config.pbtxt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = "".join(f"{value}\n" for value in classes or ())
    (folder / LABELS).write_text(names, encoding="utf-8")


def _block(name: str, *fields: str) -> str:
    return " ".join([name, "{", *fields, "}"])


def check(folder: Path) -> Any:
    """Read the description of a model, and compare it with its ONNX file.

    Returns
    -------
    ModelConfig
        The description, as Triton's own protobuf has it.

    Raises
    ------
    ConfigError
        It has a field that Triton does not know, or it differs from the file.
    """
    session, config = open_session(folder / "1" / "model.onnx"), _parse(folder / "config.pbtxt")
    problems = [
        *_compare("input", config.input, session.get_inputs()),
        *_compare("output", config.output, session.get_outputs()[-1:]),
        *(f"{sentence}." for sentence in _find_faults(config, folder)),
    ]
    if problems:
        raise ConfigError(
            *problems, f"Mend {DECIDED.as_posix()}, and run `uv run poe triton` again."
        )
    return config


def shape(array: npt.NDArray[Any], described: Any) -> npt.NDArray[Any]:
    """Give an array the type and sizes that an input is described with."""
    kind = triton_to_np_dtype(protocol_type(described))
    return array.astype(kind).reshape(len(array), *described.dims)


def protocol_type(described: Any) -> str:
    """Name a type as the KServe protocol does: `FP32` for `TYPE_FP32`, `BYTES` for texts."""
    name = str(model_config_pb2.DataType.Name(described.data_type)).removeprefix("TYPE_")
    return "BYTES" if name == "STRING" else name


def _parse(file: Path) -> Any:
    try:
        return text_format.Parse(file.read_text(encoding="utf-8"), model_config_pb2.ModelConfig())
    except text_format.ParseError as error:
        raise ConfigError(
            f"Triton cannot read {file.as_posix()}: line {error}. "
            f"Mend {DECIDED.as_posix()}, and run `uv run poe triton` again."
        ) from None


def _compare(kind: str, described: Any, tensors: Any) -> list[str]:
    """Say what is described and not in the file, and what is in the file and not described."""
    types = model_config_pb2.DataType
    ours = Counter(_line(of.name, types.Name(of.data_type), list(of.dims)) for of in described)
    theirs = Counter(describe(tensor) for tensor in tensors)
    added, missing = ours - theirs, theirs - ours
    return [
        *(f"config.pbtxt describes an {kind}, {line}: not in model.onnx." for line in added),
        *(f"model.onnx has an {kind}, {line}: not in config.pbtxt." for line in missing),
    ]


def describe(tensor: Any) -> str:
    """Describe an input or output of an ONNX file; -1 is a dimension of any length."""
    records, dims = tensor.shape[:1], tensor.shape[1:]
    if not dims or isinstance(records[0], int) or tensor.type not in _TYPES:
        raise ModelRefused(
            f"{tensor.name} is {tensor.type} {tensor.shape}: Triton takes {', '.join(_TYPES)}, "
            "with a free dimension for the records before the others. Export the model so."
        )
    sizes = [size if isinstance(size, int) else -1 for size in dims]
    return _line(tensor.name, _TYPES[tensor.type], sizes)


def _line(name: str, data_type: str, dims: list[int]) -> str:
    return f'name: "{name}" data_type: {data_type} dims: {dims}'


def _find_faults(config: Any, folder: Path) -> list[str]:
    """Say what else would keep the server from loading the model, or the client from reading it."""
    labels = (folder / LABELS).read_text(encoding="utf-8").splitlines()
    classes = [list(of.dims) for of in config.output if of.label_filename]
    faults = {
        f"name is {config.name!r}, its folder {folder.name!r}": config.name != folder.name,
        f"backend is {config.backend!r}: {_BACKEND!r} runs ONNX": config.backend != _BACKEND,
        f"max_batch_size is {config.max_batch_size}: at least 1": config.max_batch_size < 1,
        f"{LABELS} names {len(labels)} classes": any(dims != [len(labels)] for dims in classes),
    }
    return [sentence for sentence, holds in faults.items() if holds]
