"""The inputs of an exported model: one for all numbers, because each costs time at a request."""

from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, helper

from app.contract.model_inputs import NUMBERS


def join_numbers(content: bytes) -> bytes:
    """Replace the inputs of an ONNX file that are numbers, each of shape (n_samples, 1), by one.

    That is `NUMBERS`, of shape (n_samples, n_numbers), with the columns in the order of the inputs.
    Where the graph first puts all of them together it takes `NUMBERS` instead; elsewhere it takes
    columns of it.
    """
    model = ModelProto.FromString(content)
    graph = model.graph
    names = [one.name for one in graph.input if _is_number(one)]
    if names in ([], [NUMBERS]):
        return content
    joined = helper.make_tensor_value_info(NUMBERS, TensorProto.FLOAT, [None, len(names)])
    inputs = [joined, *(one for one in graph.input if not _is_number(one))]
    del graph.input[:]
    graph.input.extend(inputs)
    for node in graph.node:
        if node.op_type == "Concat" and list(node.input) == names:
            node.CopyFrom(helper.make_node("Identity", [NUMBERS], node.output, node.name))
    for place, name in enumerate(names):
        if any(name in node.input for node in graph.node):
            _take_column(graph, place, name)
    return bytes(model.SerializeToString())


def _is_number(value: ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type == TensorProto.FLOAT)


def _take_column(graph: GraphProto, place: int, name: str) -> None:
    index = f"{NUMBERS}_{name}"
    graph.initializer.append(helper.make_tensor(index, TensorProto.INT64, [1], [place]))
    graph.node.insert(0, helper.make_node("Gather", [NUMBERS, index], [name], index, axis=1))
