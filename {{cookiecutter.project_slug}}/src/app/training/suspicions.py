"""What a score may owe to something else than learning: leaks, gaps, near-duplicates, baselines.

Each is measured here and judged in `gate`.
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from app import schema
from app.contract import columns
from app.data import split
from app.registry import records
from app.training import metrics
from app.training.model import SEED, build_baseline, to_x, to_xy, with_preprocessing

_NEIGHBOURS = 50
_ROWS = 1000


def baseline(train: pd.DataFrame, test: pd.DataFrame) -> tuple[str, Any]:
    """Give the name and the answers of the baseline that is best on held-out rows.

    For a regression the median is one beside that of `model`, with a TIME the last known value.
    """
    (x_train, y_train), (x, y) = to_xy(train), to_xy(test)
    answers = {"the baseline": build_baseline().fit(x_train, y_train).predict(x)}
    if columns.task() == "regression":
        answers["the median"] = np.full(len(y), y_train.median())
    if schema.TIME:
        answers["the last known value"] = _last_known(train, test)
    return max(answers.items(), key=lambda named: metrics.main_score(y, named[1]))


def single_feature_scores(parts: split.Split) -> records.Scores:
    """Score a small tree on each feature and its gaps: a perfect one gives the target away."""
    (x_train, y_train), (x_test, y_test) = to_xy(parts.train), to_xy(parts.test)
    scores = {}
    for name in columns.features():
        tree = with_preprocessing(_tree(), only=name)
        scores[name] = metrics.main_score(y_test, tree.fit(x_train, y_train).predict(x_test))
    return scores


def gaps_score(parts: split.Split) -> float:
    """Score a small tree that sees only where values are missing."""
    (_, y_train), (_, y_test) = to_xy(parts.train), to_xy(parts.test)
    names = list(columns.features())
    tree = _tree().fit(parts.train[names].isna(), y_train)
    return metrics.main_score(y_test, tree.predict(parts.test[names].isna()))


def twin_share(parts: split.Split) -> float:
    """Give the share of held-out rows that have near-duplicates in training, from 0 to 1.

    A row has some if it is within a tenth of a standard deviation of others in each number, and its
    distances jump: to the next row it is ten times as far. At most 1,000 held-out rows are taken.
    """
    test = parts.test.sample(min(_ROWS, len(parts.test)), random_state=SEED)
    place = make_pipeline(with_preprocessing(_tree())[0], StandardScaler()).fit(to_x(parts.train))
    count = min(_NEIGHBOURS, len(parts.train))
    near = NearestNeighbors(n_neighbors=count).fit(place.transform(to_x(parts.train)))
    distances, _ = near.kneighbors(place.transform(to_x(test)))
    numbers = sum(column.numeric for column in columns.features().values())
    near_ones, next_ones = distances[:, :-1], distances[:, 1:]
    close = (near_ones > 0) & (near_ones <= 0.1 * numbers**0.5)
    return float((close & (next_ones >= 10 * near_ones)).any(axis=1).mean())


def _last_known(train: pd.DataFrame, test: pd.DataFrame) -> Any:
    """Give the target at the time before each row's: its mean, or its last class."""
    both = pd.concat([train, test])
    _, y = to_xy(both)
    y.index = both[schema.TIME]
    each = y.groupby(level=0).agg("last" if columns.task() == "classification" else "mean")
    return each.shift(1).loc[test[schema.TIME]].to_numpy()


def _tree() -> DecisionTreeClassifier | DecisionTreeRegressor:
    kind = DecisionTreeClassifier if columns.task() == "classification" else DecisionTreeRegressor
    return kind(min_samples_leaf=3, random_state=SEED)
