"""What is counted has the value that one can work out by hand; two processes learn as one does."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier

from app.optimisation import counting, flops, little, parallel, workers


def network(*sizes):
    """Make a network of layers without activation, as an ONNX file."""
    nodes, weights = [], []
    for place, (into, out) in enumerate(zip(sizes, sizes[1:], strict=False)):
        weights.append(numpy_helper.from_array(np.ones((into, out), np.float32), f"w{place}"))
        weights.append(numpy_helper.from_array(np.ones(out, np.float32), f"b{place}"))
        names = [f"x{place}", f"w{place}", f"b{place}"]
        nodes.append(helper.make_node("Gemm", names, [f"x{place + 1}"]))
    ends = [
        helper.make_tensor_value_info(f"x{place}", TensorProto.FLOAT, [None, size])
        for place, size in ((0, sizes[0]), (len(nodes), sizes[-1]))
    ]
    return save(helper.make_graph(nodes, "network", ends[:1], ends[1:], weights))


def tree():
    """Make a tree that asks once for small values, and twice for others."""
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[0] * 5,
        nodes_nodeids=[0, 1, 2, 3, 4],
        nodes_featureids=[0, 0, 1, 0, 0],
        nodes_values=[0.5, 0.0, 0.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 3, 0, 0],
        nodes_falsenodeids=[2, 0, 4, 0, 0],
        target_treeids=[0] * 3,
        target_nodeids=[1, 3, 4],
        target_ids=[0] * 3,
        target_weights=[1.0, 2.0, 3.0],
    )
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
        for name, size in (("x", 2), ("y", 1))
    ]
    return save(helper.make_graph([node], "tree", ends[:1], ends[1:]))


def save(graph):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


@pytest.mark.code
def test_a_layer_is_a_product_and_a_sum_for_each_weight_and_the_bias():
    counted = counting.count(network(3, 5, 2), {"x0": np.ones((7, 3), np.float32)})

    assert counted.flops == (2 * 3 * 5 + 5) + (2 * 5 * 2 + 2)
    assert counted.weights == 3 * 5 + 5 + 5 * 2 + 2
    assert (counted.comparisons, counted.unknown) == (0, [])


@pytest.mark.code
def test_a_tree_compares_along_the_paths_of_the_records():
    records = np.array([[0, 0], [1, 0], [1, 1], [1, 1]], np.float32)

    counted = counting.count(tree(), {"x": records})

    assert counted.comparisons == (1 + 2 + 2 + 2) / 4
    assert counted.most_comparisons == 2


@pytest.mark.code
def test_a_node_that_nobody_counted_is_named():
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 2]) for n in "xy"]
    graph = helper.make_graph([helper.make_node("Erf", ["x"], ["y"])], "odd", ends[:1], ends[1:])

    counted = counting.count(save(graph), {"x": np.ones((1, 2), np.float32)})

    assert (counted.flops, counted.unknown) == (0, ["Erf"])


@pytest.mark.code
def test_6nd_counts_each_weight_and_row_and_is_refused_for_a_forest():
    x, y = make_classification(64, 6, random_state=1)
    dense = MLPClassifier((4,), max_iter=3, early_stopping=False, random_state=1)
    with pytest.warns(UserWarning, match="converged"):
        dense.fit(x, y)
    forest = RandomForestClassifier(3, random_state=1).fit(x, y)

    assert flops.six_n_d(dense) == 6 * (6 * 4 + 4 * 1) * (64 * 3)
    with pytest.raises(flops.NotCounted, match=r"6·N·D does not hold for RandomForestClassifier"):
        flops.six_n_d(forest)
    comparisons, told = flops.count_training(forest)
    assert comparisons > 3 * 64 * np.log2(64)
    assert "6·N·D does not hold for RandomForestClassifier" in told


@pytest.mark.code
def test_an_hour_of_a_core_is_what_its_source_says():
    watt_hours, grams = flops.estimate_energy(3600)

    assert watt_hours == pytest.approx((12 + 0.3725) * 1.67)
    assert grams == pytest.approx(watt_hours * 0.475)


@pytest.mark.code
@pytest.mark.integration
@pytest.mark.parametrize("columns", [1, 3], ids=["number", "classes"])
def test_two_processes_give_the_slopes_of_one_and_these_are_right(columns):
    chance = np.random.default_rng(1)
    x, y = chance.normal(size=(41, 5)), np.eye(columns)[chance.integers(0, columns, 41)]
    weights = parallel.first_weights(x, y)

    with workers.processes(x, y, 2) as two:
        together = workers.step(two, weights).slopes

    for ours, own in zip(together, workers.slopes(weights, x, y), strict=True):
        np.testing.assert_allclose(ours, own, rtol=1e-10, atol=1e-12)
    moved = [weights[0].copy(), weights[1]]
    moved[0][2, 3] += 1e-6
    slope = (loss(moved, x, y) - loss(weights, x, y)) / 1e-6
    assert together[0][2, 3] == pytest.approx(slope, rel=1e-3)


def loss(weights, x, y):
    answers = np.tanh(x @ weights[0]) @ weights[1]
    if y.shape[1] == 1:
        return ((answers - y) ** 2).sum() / 2
    return -(y * (answers - np.log(np.exp(answers).sum(axis=1, keepdims=True)))).sum()


@pytest.mark.code
def test_what_is_not_divided_limits_the_speed_up():
    assert parallel.amdahl(1.0, 0.0) == 2
    assert parallel.amdahl(0.5, 0.5) == pytest.approx(1 / 0.75)


@pytest.mark.code
def test_the_requests_at_hand_follow_from_rate_and_latency():
    told = little.describe(little.Load(6000, 0, 200.0, 50.0, 40.0, 90.0, 120.0, 1e5), 100.0)

    assert little.concurrency(200.0, 100.0) == 20
    assert "are 10.0 requests at hand" in told
    assert "| 1,000 | 5 |" in told
