"""Train the offline screen and write its weights: python bench/train_screen.py DATA_FOLDER.

Each head is a logistic regression with an L2 penalty over hashed features (pipeline/measure/screen/features.py), fitted
by L-BFGS and rounded to whole numbers of 8 bits. Nothing is drawn at random: a second run writes the same bytes. The
training text is offensive; none of it is printed, and none is in the weights but as sums over buckets of hashes.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # sums in one order

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from screen_data import SHIPPED, Labelled, for_thresholds, labelled

from pipeline.measure.screen.features import BITS, Kind, features
from pipeline.measure.screen.heads import ENGLISH_LANE, LANES, LEAST_LENGTH, WEIGHT_LANE, WEIGHTS, Heads

TARGET = Path(__file__).parents[1] / "pipeline/measure/screen" / WEIGHTS
RAREST = 7.0
"""Most that a bucket's rarity (logarithm of one in how many texts) counts."""
WEIGHT_UNIT = 2.5
"""Of WEIGHT_LANE: RAREST squared times this fits into 7 bits."""
STRENGTH = 30.0
"""Of the evidence against the L2 penalty."""
ROUTED = 0.001
"""Share of ordinary text that each head may route."""
CLIPPED = 0.9999
"""Share of a head's weights that 8 bits hold; the few beyond are cut."""
ENGLISH = """
the and of to is you that it for with are have this my your not be what they do can from he she we would how
if there which when will been has had were their our who about could should please because dont im its any some other
into than then them these those"""


def train(examples: Sequence[Labelled], ordinary: Sequence[str], *, names: Sequence[str] = SHIPPED) -> Heads:
    """Fit all heads; each routes ROUTED of the ordinary texts, none of which may be among the examples."""
    counts = matrix([one.text for one in examples])
    rarity = rarities(counts)
    weight_lane = np.round(rarity**2 * WEIGHT_UNIT)
    scaled = sparse.diags(1 / np.sqrt(np.maximum(counts @ weight_lane, LEAST_LENGTH))) @ counts @ sparse.diags(rarity)
    scaled = scaled.tocsr()
    table = np.zeros((1 << BITS, LANES), np.int8)
    table[:, WEIGHT_LANE] = weight_lane
    table[features([ENGLISH]).words.buckets, ENGLISH_LANE] = 1
    scales, biases = [], []
    for lane, name in enumerate(names):
        known = np.array([name in one.labels for one in examples])
        told = np.array([one.labels.get(name, 0) for one in examples])[known]
        weights, bias = fit(scaled[known], told, np.array([one.weight for one in examples])[known])
        weights *= rarity
        scale = float(np.quantile(np.abs(weights[weights != 0]), CLIPPED)) / 127
        table[:, lane] = np.clip(np.round(weights / scale), -127, 127)
        scales.append(scale)
        biases.append(bias)
    heads = Heads(tuple(names), tuple(scales), tuple(biases), table)
    limits = np.quantile(heads.judge(ordinary).margins, 1 - ROUTED, axis=0)
    return replace(heads, biases=tuple(float(bias - limit) for bias, limit in zip(biases, limits, strict=True)))


def matrix(texts: Sequence[str]) -> sparse.csr_matrix:
    """Give how often each text has each bucket."""
    found = features(texts)
    return sum(_counted(kind, len(texts)) for kind in found)


def _counted(kind: Kind, rows: int) -> sparse.csr_matrix:
    ones = np.ones(len(kind.buckets))
    counted = sparse.csr_matrix((ones, kind.buckets, kind.starts), shape=(rows, 1 << BITS))
    counted.sum_duplicates()
    return counted


def rarities(counts: sparse.csr_matrix) -> np.ndarray:
    """Give the logarithm of one in how many texts has each bucket."""
    texts = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.minimum(np.log((1 + counts.shape[0]) / (1 + texts)), RAREST)


def fit(rows: sparse.csr_matrix, told: np.ndarray, importance: np.ndarray) -> tuple[np.ndarray, float]:
    """Give the weights and the bias that minimise the logistic loss and half the weights' squares."""
    sign = np.where(told > 0, 1.0, -1.0)
    columns = rows.T.tocsr()

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (rows @ values[:-1] + values[-1])
        slope = -sign * importance / (1 + np.exp(np.clip(margin, -50, 50)))
        whole = STRENGTH * float(importance @ np.logaddexp(0, -margin)) + float(values[:-1] @ values[:-1]) / 2
        return whole, np.append(STRENGTH * (columns @ slope) + values[:-1], STRENGTH * slope.sum())

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return found[:-1], float(found[-1])


def main() -> None:
    folder = Path(sys.argv[1])
    examples = labelled(folder)
    heads = train(examples, for_thresholds(folder))
    TARGET.write_bytes(heads.to_bytes())
    print(f"{len(examples):,} texts, {TARGET.stat().st_size:,} bytes")
    for name in heads.names:
        known = [one.labels[name] for one in examples if name in one.labels]
        print(f"  {name:12} {sum(known):6,} of {len(known):,}")


if __name__ == "__main__":
    main()
