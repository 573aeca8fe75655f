"""Candidates: simpler models made from the champion, each by a recipe that folds can repeat."""

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from onnx import ModelProto, helper, numpy_helper
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app.contract import columns
from app.data import split
from app.errors import AppError, Conflict
from app.registry import records, versions
from app.training.model import SEED, build_model, export_onnx, to_xy, with_preprocessing

Recipe = Callable[[Pipeline, pd.DataFrame], bytes]
"""From a fitted model, and the rows that it learnt from, to the ONNX file of a simpler one."""

LEAVES = 32


class NotApplicable(AppError):
    """A recipe makes nothing of this kind of model; the sentence says why."""


class Champion(NamedTuple):
    """The champion's file and record, its own split, its model fitted again, in seconds."""

    content: bytes
    record: records.VersionRecord
    parts: split.Split
    model: Pipeline
    seconds: float


def refit() -> Champion:
    """Fit the champion's model again, by the same code on the same rows.

    Raises
    ------
    Conflict
        The table holds other data, the champion is a candidate, or its file is another then.
    """
    version = versions.load_champion().version
    content, record = versions.model_of(version), versions.record_of(version)
    examples = split.read_examples()
    if record.data.fingerprint != split.fingerprint(examples):
        raise Conflict(f"{version} was trained on other data: train, and promote, again.")
    if "candidate" in record.hyperparameters:
        raise Conflict(
            f"{version} is a candidate itself, made from {record.hyperparameters['of']}: promote "
            "a model that was trained, `uv run poe rollback` if it was champion before."
        )
    parts, started = split.hold_out(examples), time.perf_counter()
    model = build_model(**known(record)).fit(*to_xy(parts.train))
    seconds = time.perf_counter() - started
    if export_onnx(model) != content:
        raise Conflict(
            f"{version} cannot be made again here: src/app/training/model.py, a library or the "
            "machine differs, or the model draws without a seed. Train, and promote, here."
        )
    return Champion(content, record, parts, model, seconds)


def known(record: records.VersionRecord) -> dict[str, Any]:
    """Give the hyper-parameters that `build_model` still has."""
    names = build_model.__kwdefaults__ or {}
    return {name: value for name, value in record.hyperparameters.items() if name in names}


def fewer_trees(model: Pipeline, train: pd.DataFrame) -> bytes:
    """Learn with a quarter of the trees."""
    name, count = _parameter(model, "n_estimators")
    return _again(model, train, **{name: max(1, count // 4)})


def shallower_trees(model: Pipeline, train: pd.DataFrame) -> bytes:
    """Learn with trees of half the depth."""
    name, _ = _parameter(model, "max_depth")
    depths = [tree.get_depth() for tree in fitted_trees(model)]
    return _again(model, train, **{name: max(1, max(depths) // 2)})


def pruned_trees(model: Pipeline, train: pd.DataFrame) -> bytes:
    """Cut the branches that gain least: cost-complexity pruning, half of a tree's steps."""
    name, _ = _parameter(model, "ccp_alpha")
    tree = fitted_trees(model)[0]
    x, y = to_xy(train)
    prepared = model[:-1].transform(x)
    codes = np.unique(y, return_inverse=True)[1] if columns.task() == "classification" else y
    alphas = tree.cost_complexity_pruning_path(prepared, codes).ccp_alphas
    return _again(model, train, **{name: float(np.median(alphas))})


def distilled(model: Pipeline, train: pd.DataFrame) -> bytes:
    """Have one small tree learn the model's answers: for classes, their probabilities as weights.

    Hinton, Vinyals, Dean: "Distilling the Knowledge in a Neural Network" (2015), arXiv:1503.02531.
    """
    x, _ = to_xy(train)
    limits: dict[str, Any] = {"max_leaf_nodes": LEAVES, "random_state": SEED}
    if columns.task() == "regression":
        student = with_preprocessing(DecisionTreeRegressor(**limits))
        return export_onnx(student.fit(x, model.predict(x)))
    student = with_preprocessing(DecisionTreeClassifier(**limits))
    shares, classes = model.predict_proba(x), model.classes_
    weights = {f"{student.steps[-1][0]}__sample_weight": shares.T.ravel()}
    each = pd.concat([x] * len(classes), ignore_index=True)
    return export_onnx(student.fit(each, np.repeat(classes, len(x)), **weights))


def int8(model: Pipeline, _: pd.DataFrame) -> bytes:
    """Write the weights as whole numbers of 8 bits, and multiply these."""
    from onnxruntime.quantization import quantize_dynamic  # pylint: disable=import-outside-toplevel # 1 s

    exported = _with_matrices(model, "there is nothing to compute with 8 bits")
    logging.disable(logging.WARNING)  # it advises what is for pictures
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "model.onnx"
            quantize_dynamic(exported, place)
            return place.read_bytes()
    finally:
        logging.disable(logging.NOTSET)


def float16(model: Pipeline, _: pd.DataFrame) -> bytes:
    """Keep the weights as decimal numbers of 16 bits; a processor still multiplies 32 bits."""
    exported = _with_matrices(model, "there are no weights to keep with 16 bits")
    graph = exported.graph
    for weights in [one for one in graph.initializer if len(one.dims) == 2]:
        short = numpy_helper.to_array(weights).astype(np.float16)
        graph.initializer.append(numpy_helper.from_array(short, f"{weights.name}_16"))
        cast = helper.make_node(
            "Cast", [f"{weights.name}_16"], [weights.name], to=weights.data_type
        )
        graph.node.insert(0, cast)
        graph.initializer.remove(weights)
    return bytes(exported.SerializeToString())


RECIPES: dict[str, Recipe] = {
    "fewer-trees": fewer_trees,
    "shallower-trees": shallower_trees,
    "pruned-trees": pruned_trees,
    "distilled": distilled,
    "int8": int8,
    "float16": float16,
}


def make_all(champion: Champion) -> Iterator[tuple[str, bytes | str]]:
    """Give each candidate by its name: its ONNX file, or the sentence why there is none."""
    for name, recipe in RECIPES.items():
        try:
            yield name, recipe(champion.model, champion.parts.train)
        except AppError as refused:
            yield name, str(refused)


def _again(model: Pipeline, train: pd.DataFrame, **parameters: Any) -> bytes:
    return export_onnx(clone(model).set_params(**parameters).fit(*to_xy(train)))


def _parameter(model: Pipeline, name: str) -> tuple[str, Any]:
    """Find a parameter of a model with trees by the end of its name, such as `n_estimators`."""
    named = {key: value for key, value in model.get_params().items() if key.endswith(f"__{name}")}
    if not named or not fitted_trees(model):
        raise NotApplicable(f"{kind_of(model)} has no trees with `{name}`.")
    return next(iter(named.items()))


def fitted_trees(model: Any) -> list[Any]:
    """Give the trees of a tree or a forest at the end of a pipeline; none of any other model."""
    estimator = last(model)
    several = np.ravel(getattr(estimator, "estimators_", [estimator]))
    return [one for one in several if hasattr(one, "tree_")]


def _with_matrices(model: Pipeline, why: str) -> ModelProto:
    """Export a model that multiplies matrices, or say why it is no use to write numbers shorter."""
    exported: ModelProto = ModelProto.FromString(export_onnx(model))
    if not {"MatMul", "Gemm"} & {node.op_type for node in exported.graph.node}:
        raise NotApplicable(f"{kind_of(model)} has no product of matrices in its ONNX form: {why}.")
    return exported


def last(model: Any) -> Any:
    """Give the estimator at the end of a pipeline, also of one in another."""
    return last(model[-1]) if hasattr(model, "steps") else model


def kind_of(model: Any) -> str:
    """Name the class of that estimator."""
    return type(last(model)).__name__
