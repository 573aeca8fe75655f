"""Ask a running Triton server by the KServe v2 protocol, and our API beside it, the same records.

One client asks, one request after the other, over one connection each.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import requests
import triton_config
from tritonclient import http
from tritonclient.utils import InferenceServerException

from app.api import client
from app.contract import columns, model_inputs
from app.errors import AppError, ModelRefused
from app.registry.predictor import Predictor

TOLERANCE = 1e-4
"""So much answers may differ: a probability, or a number as a share of the largest."""

RECORDS = 100
REQUESTS = 200
_START = "`docker compose --file triton-server/compose.yaml up`"

Scores = npt.NDArray[Any]
Ask = Callable[[slice], Scores]


def compare(who: str, answers: Scores, predictor: Predictor, wanted: Scores) -> float:
    """Give the largest difference from our own answers; `ModelRefused` if it is too large."""
    scale = 1.0 if predictor.classifies else max(1.0, float(np.abs(wanted).max()))
    difference = float(np.abs(answers.reshape(wanted.shape) - wanted).max() / scale)
    if np.isnan(difference) or difference > TOLERANCE:
        raise ModelRefused(
            f"{who} answers otherwise than model {predictor.version} does here: the largest "
            f"difference is {difference:.2g}, at most {TOLERANCE:g} is allowed. "
            "Run `uv run poe triton`, and start the server anew."
        )
    return difference


def report(url: str, config: Any, frame: pd.DataFrame, predictor: Predictor) -> Iterator[str]:
    """Ask both about the same records; give a table of times and differences, line by line."""
    asked = frame.head(min(RECORDS, config.max_batch_size))
    programs = {"Triton": ask_triton(url, config, model_inputs.to_inputs(asked), predictor)}
    try:
        programs["our API"] = ask_api(asked, predictor)
    except client.ApiUnavailable as error:
        yield f"not compared with our API: {error}"
    wanted = predictor.scores(asked)
    yield f"{'':8} records  p50 ms  p99 ms  difference"
    for who, ask in programs.items():
        for size in (1, len(asked)):
            times, answers = measure(who, ask, len(asked), size)
            difference = compare(who, answers, predictor, np.resize(wanted, answers.shape))
            spent = np.percentile(times, (50, 99))
            yield f"{who:8} {size:7} {spent[0]:7.2f} {spent[1]:7.2f}  {difference:10.1e}"


def measure(who: str, ask: Ask, count: int, size: int) -> tuple[list[float], Scores]:
    """Ask about `size` records at a time, all of `count` in turn; give milliseconds and answers."""
    times, answers = [], []
    for request in range(REQUESTS):
        first, started = request * size % count, time.perf_counter()
        try:
            answers.append(ask(slice(first, first + size)))
        except (InferenceServerException, OSError) as error:
            raise AppError(f"{who} did not answer {size} records: {error}") from None
        times.append(1000 * (time.perf_counter() - started))
    return times, np.concatenate(answers)


def ask_triton(url: str, config: Any, inputs: model_inputs.Arrays, predictor: Predictor) -> Ask:
    """Give a function that asks a server about some of the records.

    Raises
    ------
    AppError
        Nothing answers there, or it serves another version.
    """
    scheme, _, address = url.rstrip("/").rpartition("://")
    server = http.InferenceServerClient(address, ssl=scheme == "https")
    try:
        served = server.get_model_config(config.name)["parameters"]["version"]["string_value"]
    except (InferenceServerException, OSError, ValueError, KeyError) as error:
        raise AppError(
            f"{url} does not answer as a Triton server that serves {config.name!r}: {error!r}. "
            f"Start it with {_START}, or give its address: --ask=http://127.0.0.1:8000."
        ) from None
    if served != predictor.version:
        raise AppError(
            f"{url} serves model {served}, the champion is {predictor.version}: start it anew."
        )

    def ask(rows: slice) -> Scores:
        given = [to_input(inputs[of.name][rows], of) for of in config.input]
        return np.asarray(server.infer(config.name, given).as_numpy(config.output[0].name))

    return ask


def to_input(array: npt.NDArray[Any], described: Any) -> http.InferInput:
    """Write an array as the protocol does."""
    shaped, kind = triton_config.shape(array, described), triton_config.protocol_type(described)
    given = http.InferInput(described.name, list(shaped.shape), kind)
    return given.set_data_from_numpy(shaped)


def ask_api(frame: pd.DataFrame, predictor: Predictor) -> Ask:
    """Give a function that asks our API about some of the records, which it need not keep.

    Raises
    ------
    ApiUnavailable
        It does not answer, or serves another version.
    """
    served = client.ask("/ready")["model_version"]
    if served != predictor.version:
        raise client.ApiUnavailable(f"it serves model {served}, not {predictor.version}.")
    text = frame[[*columns.features()]].to_json(
        orient="records", date_format="iso", double_precision=15
    )
    records, session = json.loads(text), requests.Session()

    def ask(rows: slice) -> Scores:
        response = session.post(f"{client.api_url()}/predict?keep=false", json=records[rows])
        response.raise_for_status()
        answers = response.json()["predictions"]
        of_classes = [list((answer["probabilities"] or {}).values()) for answer in answers]
        numbers = [[answer["prediction"]] for answer in answers]
        return np.array(of_classes if predictor.classifies else numbers)

    return ask
