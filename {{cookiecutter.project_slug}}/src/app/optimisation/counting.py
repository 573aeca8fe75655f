"""Counted operations: what a prediction computes, node by node of the ONNX graph."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import ModelProto, NodeProto, ValueInfoProto, helper

Arrays = Mapping[str, npt.NDArray[Any]]

FOR_EACH_OUTPUT = {"Add", "Sub", "Mul", "Div", "Neg", "Relu", "Sigmoid", "Tanh", "Softmax", "Exp"}
"""One operation for each number that comes out; a function such as tanh counts as one too."""

FOR_EACH_INPUT = {"Normalizer", "ReduceSum", "ReduceMean"}

MOVES = {
    *("Identity", "Concat", "Gather", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Transpose"),
    *("OneHotEncoder", "LabelEncoder", "ArrayFeatureExtractor", "Imputer", "ArgMax", "ZipMap"),
}
"""They move, replace or choose values, and compute none."""


class Trees(NamedTuple):
    """The nodes of a forest as arrays, and where each tree begins."""

    roots: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    after: npt.NDArray[np.int64]
    is_leaf: npt.NDArray[np.bool_]


class Counted(NamedTuple):
    """Operations of one prediction: FLOPs, and comparisons of trees, their mean and their most.

    `by_node` has the FLOPs of each kind of node, `unknown` the kinds that nobody counted.
    """

    flops: float
    comparisons: float
    most_comparisons: float
    weights: int
    by_node: dict[str, float]
    unknown: list[str]


def count(content: bytes, inputs: Arrays) -> Counted:
    """Count the operations of a model for one record; paths in trees are those of the inputs."""
    model = ModelProto.FromString(content)
    values = _every_value(model, inputs)
    rows = len(next(iter(inputs.values())))
    by_node: dict[str, float] = {}
    unknown: list[str] = []
    mean = most = 0.0
    for node in model.graph.node:
        if node.op_type.startswith("TreeEnsemble"):
            steps = paths(read_trees(node), values[node.input[0]])
            mean, most = mean + float(steps.mean()), most + float(steps.max())
        flops = _flops(node, values)
        if flops is None:
            unknown.append(node.op_type)
        by_node[node.op_type] = by_node.get(node.op_type, 0) + (flops or 0) / rows
    weights = sum(int(np.prod(one.dims)) for one in model.graph.initializer if one.data_type == 1)
    return Counted(sum(by_node.values()), mean, most, weights, by_node, sorted(set(unknown)))


def read_trees(node: NodeProto) -> Trees:
    """Read the trees of a node of the graph."""
    values = _attributes(node)
    trees = values["nodes_treeids"]
    keys = list(zip(trees, values["nodes_nodeids"], strict=True))
    place = {key: index for index, key in enumerate(keys)}
    leaf = np.array([mode == b"LEAF" for mode in values["nodes_modes"]])
    ends = [
        [place.get((tree, number), 0) for tree, number in zip(trees, values[name], strict=True)]
        for name in ("nodes_falsenodeids", "nodes_truenodeids")
    ]
    roots = [index for index, (_, number) in enumerate(keys) if number == 0]
    numbers = np.array(values["nodes_featureids"]), np.array(values["nodes_values"], np.float32)
    return Trees(np.array(roots), *numbers, np.array(ends).T, leaf)


def paths(trees: Trees, x: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Walk every record down every tree: how many comparisons each of both needs.

    A node asks whether a value is at most its threshold, as those of scikit-learn do.
    """
    here = np.tile(trees.roots, (len(x), 1))
    steps = np.zeros(len(x), np.int64)
    while (inside := ~trees.is_leaf[here]).any():
        steps += inside.sum(axis=1)
        asked = np.take_along_axis(x, trees.feature[here], axis=1) <= trees.threshold[here]
        here = np.where(inside, trees.after[here, asked.astype(int)], here)
    return steps


def _flops(node: NodeProto, values: Arrays) -> float | None:
    """Count the FLOPs of a node for all records, or say by None that nobody knows them."""
    kind, size = node.op_type, values[node.output[-1]].size
    if kind in ("MatMul", "Gemm"):
        each = values[node.input[0]].shape[-1]  # a product and a sum for each weight
        return float(2 * each * size + (size if kind == "Gemm" and len(node.input) > 2 else 0))
    if kind in ("LinearClassifier", "LinearRegressor"):
        rows = len(values[node.output[-1]])
        return float(2 * len(_attributes(node)["coefficients"]) * rows)
    if kind in FOR_EACH_INPUT:
        return float(values[node.input[0]].size)
    known = {"Scaler": 2, **dict.fromkeys(FOR_EACH_OUTPUT, 1), **dict.fromkeys(MOVES, 0)}
    if kind.startswith("TreeEnsemble"):  # each tree adds its answer
        return float(len(read_trees(node).roots) * size)
    return float(known[kind] * size) if kind in known else None


def _every_value(model: ModelProto, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Run the model, and give what each node gives; the graph is run as it is written."""
    open_graph = ModelProto.FromString(model.SerializeToString())
    there = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name]
    hidden = [ValueInfoProto(name=name) for name in names if name not in there]
    open_graph.graph.output.extend(hidden)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        open_graph.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    return {**inputs, **dict(zip(names, session.run(names, dict(inputs)), strict=True))}


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}
