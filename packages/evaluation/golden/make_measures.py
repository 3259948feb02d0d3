"""Golden values of the measures, their intervals and the normal distribution.

    python3 make_measures.py

needs scikit-learn >= 1.7, scipy, statsmodels and numpy; writes measures.json, intervals.json and
normal.json beside itself. The examples of a case are made from its seed by the same generator as in
src/statistics/random.ts, so that only expected values are stored.
"""

import json
import math
import os
import warnings

import numpy as np
import scipy
import scipy.special
import scipy.stats
import sklearn
import statsmodels
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "scikit-learn": sklearn.__version__,
    "statsmodels": statsmodels.__version__,
}
U32 = 0xFFFFFFFF


def seeded_bits(seed):
    """xoshiro128** filled by SplitMix32."""
    state = []
    mixer = seed & U32
    for _ in range(4):
        mixer = (mixer + 0x9E3779B9) & U32
        word = ((mixer ^ (mixer >> 16)) * 0x85EBCA6B) & U32
        word = ((word ^ (word >> 13)) * 0xC2B2AE35) & U32
        state.append(word ^ (word >> 16))
    a, b, c, d = state
    while True:
        scrambled = (b * 5) & U32
        yield ((((scrambled << 7) | (scrambled >> 25)) & U32) * 9) & U32
        shifted = (b << 9) & U32
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = ((d << 11) | (d >> 21)) & U32


def below(bits, bound):
    return math.floor(next(bits) / 4294967296 * bound)


def make_examples(case):
    bits = seeded_bits(case["seed"])
    n, classes = case["examples"], case["classes"]
    labels = [case["labels"][below(bits, len(case["labels"]))] for _ in range(n)]
    data = np.zeros((n, classes), dtype=np.float32)
    for row in range(n):
        scores = []
        for column in range(classes):
            score = 1 + below(bits, case["spread"])
            score = 0 if column > 0 and score < case["zeroBelow"] else score
            scores.append(score + (case["skill"] if column == labels[row] else 0))
        total = sum(scores) or 1
        data[row] = [np.float32(score / total) for score in scores]
    return np.array(labels, dtype=np.int64), data


def number(value):
    """NaN as null: undefined."""
    value = float(value)
    return None if math.isnan(value) else value


def top_k(labels, p, k):
    """top_k_accuracy_score, by its own lines where it refuses the case (fewer than three classes)."""
    if p.shape[1] > 2 and len(labels):
        return metrics.top_k_accuracy_score(labels, p, k=k, labels=np.arange(p.shape[1]))
    order = np.argsort(p, axis=1, kind="mergesort")[:, ::-1]
    return np.average((labels == order[:, :k].T).any(axis=0))


def one_vs_rest(labels, p):
    """ROC AUC and average precision of each class; NaN where undefined."""
    auc, ap = [], []
    for c in range(p.shape[1]):
        positive = (labels == c).astype(int)
        both = 0 < positive.sum() < len(labels)
        auc.append(metrics.roc_auc_score(positive, p[:, c]) if both else np.nan)
        ap.append(metrics.average_precision_score(positive, p[:, c]) if positive.any() else np.nan)
    return np.array(auc), np.array(ap)


def mean_defined(values, support, average):
    defined = ~np.isnan(values)
    if not defined.any():
        return np.nan
    weights = support[defined] if average == "weighted" else None
    return np.average(values[defined], weights=weights)


def calibration(labels, predicted, confidence):
    edges = np.arange(16) / 15
    bins = np.searchsorted(edges[1:-1], confidence, side="left")
    gap = (labels == predicted).astype(float) - confidence
    return float(np.abs(np.bincount(bins, weights=gap, minlength=15)).sum() / len(labels)), bins


def area_under_risk_coverage(wrong, confidence):
    """Mean over the examples of the error rate among those at least as confident."""
    order = np.argsort(-confidence, kind="mergesort")
    rank = np.searchsorted(-confidence[order], -confidence, side="right")
    risk = np.cumsum(wrong[order])[rank - 1] / rank
    return float(risk.mean())


def measure(labels, p):
    n, classes = p.shape
    predicted = p.argmax(axis=1)
    support = np.bincount(labels, minlength=classes)
    p64 = p.astype(np.float64)
    sums = p64.sum(axis=1, keepdims=True)
    rows = p64 / sums
    confidence = rows[np.arange(n), predicted]
    values = {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
        "balanced_accuracy_adjusted": metrics.balanced_accuracy_score(labels, predicted, adjusted=True)
        if len(np.unique(labels)) > 1
        else np.nan,
    }
    for k in range(1, 6):
        values[f"top_{k}_accuracy"] = top_k(labels, p, k) if k <= classes else np.nan
    for average in ("micro", "macro", "macro_all_classes", "weighted"):
        options = {"average": average, "zero_division": 0}
        if average == "macro_all_classes":
            options = {"average": "macro", "zero_division": 0, "labels": np.arange(classes)}
        values[f"precision_{average}"] = metrics.precision_score(labels, predicted, **options)
        values[f"recall_{average}"] = metrics.recall_score(labels, predicted, **options)
        values[f"f1_{average}"] = metrics.f1_score(labels, predicted, **options)
        values[f"f0_5_{average}"] = metrics.fbeta_score(labels, predicted, beta=0.5, **options)
        values[f"f2_{average}"] = metrics.fbeta_score(labels, predicted, beta=2, **options)
    values["cohen_kappa"] = metrics.cohen_kappa_score(labels, predicted)
    values["matthews_corrcoef"] = metrics.matthews_corrcoef(labels, predicted)
    if classes > 1:
        values["log_loss"] = metrics.log_loss(labels, rows, labels=np.arange(classes))
        values["brier_score"] = metrics.brier_score_loss(labels, rows, labels=np.arange(classes))
    else:  # scikit-learn refuses a single class
        values["log_loss"] = -math.log(1 - 2**-52)
        values["brier_score"] = 0.0
    values["expected_calibration_error"], bins = calibration(labels, predicted, confidence)
    values["area_under_risk_coverage"] = area_under_risk_coverage((labels != predicted).astype(float), confidence)
    auc, ap = one_vs_rest(labels, p)
    for average in ("macro", "weighted"):
        values[f"roc_auc_{average}"] = mean_defined(auc, support, average)
        values[f"average_precision_{average}"] = mean_defined(ap, support, average)
    if len(np.unique(labels)) == classes > 2:
        # Where scikit-learn has a value of its own, ours must be it.
        for average in ("macro", "weighted"):
            own = metrics.roc_auc_score(labels, p, multi_class="ovr", average=average, labels=np.arange(classes))
            assert own == values[f"roc_auc_{average}"]
            onehot = np.eye(classes, dtype=int)[labels]
            own = metrics.average_precision_score(onehot, p, average=average)
            assert own == values[f"average_precision_{average}"]
    overall = {key: number(value) for key, value in values.items()}

    occurs = (support + np.bincount(predicted, minlength=classes)) > 0
    all_classes = {"average": None, "zero_division": 0, "labels": np.arange(classes)}
    per_class = {
        "support": support,
        "precision": np.where(occurs, metrics.precision_score(labels, predicted, **all_classes), np.nan),
        "recall": np.where(occurs, metrics.recall_score(labels, predicted, **all_classes), np.nan),
        "f1": np.where(occurs, metrics.f1_score(labels, predicted, **all_classes), np.nan),
        "f0_5": np.where(occurs, metrics.fbeta_score(labels, predicted, beta=0.5, **all_classes), np.nan),
        "f2": np.where(occurs, metrics.fbeta_score(labels, predicted, beta=2, **all_classes), np.nan),
        "roc_auc": auc,
        "average_precision": ap,
    }
    constant = np.full(n, support.argmax())
    weighted = {"average": "weighted", "zero_division": 0}
    baseline = {
        "index": int(support.argmax()),
        "accuracy": metrics.accuracy_score(labels, constant),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, constant),
        "precision_weighted": metrics.precision_score(labels, constant, **weighted),
        "recall_weighted": metrics.recall_score(labels, constant, **weighted),
        "f0_5_weighted": metrics.fbeta_score(labels, constant, beta=0.5, **weighted),
        "f1_weighted": metrics.f1_score(labels, constant, **weighted),
        "f2_weighted": metrics.fbeta_score(labels, constant, beta=2, **weighted),
    }
    counts = np.bincount(bins, minlength=15)
    return {
        "overall": overall,
        "perClass": {key: [number(value) for value in values] for key, values in per_class.items()},
        "bestConstantClassifier": {key: float(value) for key, value in baseline.items()},
        "confusionMatrix": metrics.confusion_matrix(labels, predicted, labels=np.arange(classes)).tolist()
        if classes <= 12
        else None,
        "reliability": {
            "count": counts.tolist(),
            "confidence": [number(v) for v in np.bincount(bins, weights=confidence, minlength=15) / counts],
            "accuracy": [number(v) for v in np.bincount(bins, weights=labels == predicted, minlength=15) / counts],
        },
        # In float32, as a reader of predictions.parquet would get it: differs in the clipping.
        "logLossOfFloat32": metrics.log_loss(labels, p, labels=np.arange(classes)) if classes > 1 else None,
    }


def case(name, seed, examples, classes, labels=None, spread=1000, skill=0, zero_below=0):
    return {
        "name": name,
        "seed": seed,
        "examples": examples,
        "classes": classes,
        "labels": list(range(classes)) if labels is None else labels,
        "spread": spread,
        "skill": skill,
        "zeroBelow": zero_below,
    }


def measure_cases():
    cases = [
        case("one example", 1, 1, 3),
        case("one example of one class", 2, 1, 1),
        case("one class", 3, 20, 1),
        case("two classes", 4, 50, 2, skill=300),
        case("two classes, ties", 5, 60, 2, spread=3, skill=1),
        case("two classes, one in the labels", 6, 40, 2, labels=[1]),
        case("balanced", 7, 120, 6, skill=700),
        case("imbalanced", 8, 300, 5, labels=[0] * 20 + [1] * 5 + [2, 2, 3, 4], skill=500),
        case("ties everywhere", 9, 200, 5, spread=2, skill=1),
        case("equal rows", 10, 30, 4, spread=1),
        case("absent classes", 11, 150, 9, labels=[1, 2, 5, 8], skill=600),
        case("one class in the labels", 12, 80, 7, labels=[3], skill=300),
        case("perfect", 13, 90, 6, skill=100000),
        case("probabilities of 0", 14, 200, 6, zero_below=500, skill=400, spread=1000),
        case("mistakes of probability 0", 15, 120, 5, zero_below=700),
        case("129 classes", 16, 400, 129, skill=3000),
        case("200 classes", 17, 900, 200, skill=2000),
        case("200 classes, 150 in the labels", 18, 500, 200, labels=list(range(25, 175)), skill=4000),
        case("many examples", 19, 3000, 8, skill=500),
    ]
    for i in range(60):
        bits = seeded_bits(1000 + i)
        classes = 2 + below(bits, 14)
        labels = [below(bits, classes) for _ in range(1 + below(bits, 3 * classes))]
        spread = [2, 5, 50, 1000][below(bits, 4)]
        made = case(
            f"random {i}", 2000 + i, 2 + below(bits, 250), classes, labels, spread, below(bits, 2 * spread)
        )
        cases.append(made)
    return [{"case": made, "expected": measure(*make_examples(made))} for made in cases]


INTERVAL_KEYS = [
    "balanced_accuracy",
    "balanced_accuracy_adjusted",
    "precision_macro",
    "precision_weighted",
    "recall_macro",
    "f1_macro",
    "f1_macro_all_classes",
    "f0_5_weighted",
    "f2_macro",
    "cohen_kappa",
    "matthews_corrcoef",
    "log_loss",
    "brier_score",
    "expected_calibration_error",
    "area_under_risk_coverage",
    "roc_auc_macro",
    "roc_auc_weighted",
    "average_precision_macro",
    "average_precision_weighted",
]
CLASS_KEYS = ["f1", "f0_5", "f2", "roc_auc", "average_precision"]


def all_values(labels, p):
    result = measure(labels, p)
    flat = [result["overall"][key] for key in INTERVAL_KEYS]
    for key in CLASS_KEYS:
        flat += result["perClass"][key]
    return np.array([math.nan if value is None else value for value in flat])


def bca(made, resamples, seed, level):
    """scipy's stratified BCa (one sample a class) of every measure, with our own resample indices."""
    labels, p = make_examples(made)
    classes = made["classes"]
    strata = [np.flatnonzero(labels == c) for c in range(classes) if (labels == c).any()]
    estimate = all_values(labels, p)

    def at(index):
        values = all_values(labels[index], p[index])
        # Differences by rounding only must not decide what is below the estimate.
        near = np.abs(values - estimate) <= 1e-12 * np.maximum(1, np.abs(estimate))
        return np.where(near, estimate, values)

    bits = seeded_bits(seed)
    distribution = []
    for _ in range(resamples):
        index = np.concatenate([[s[below(bits, len(s))] for _ in s] for s in strata])
        distribution.append(at(index))
    distribution = np.array(distribution)

    memo = {}

    def statistic(column):
        def of(*samples, axis=-1):
            index = np.concatenate(samples).astype(int)
            key = index.tobytes()
            if key not in memo:
                memo[key] = at(index)
            return memo[key][column]

        return of

    intervals = []
    for column in range(len(estimate)):
        if np.isnan(estimate[column]):
            intervals.append(None)
            continue

        class Resampled:
            bootstrap_distribution = distribution[:, column]

        found = scipy.stats.bootstrap(
            strata,
            statistic(column),
            n_resamples=0,
            bootstrap_result=Resampled,
            method="BCa",
            confidence_level=level,
            vectorized=False,
        ).confidence_interval
        bounds = [number(found.low), number(found.high)]
        intervals.append(None if None in bounds else bounds)
    return {
        "case": made,
        "resamples": resamples,
        "seed": seed,
        "level": level,
        "overall": dict(zip(INTERVAL_KEYS, intervals)),
        "perClass": {
            key: intervals[len(INTERVAL_KEYS) + i * classes : len(INTERVAL_KEYS) + (i + 1) * classes]
            for i, key in enumerate(CLASS_KEYS)
        },
    }


def wilson_cases():
    cases = []
    for successes, trials in [(0, 1), (1, 1), (0, 30), (30, 30), (176, 180), (7, 12), (4999, 10000), (1, 10**6)]:
        for level in (0.8, 0.95, 0.99):
            low, high = proportion_confint(successes, trials, alpha=1 - level, method="wilson")
            cases.append([successes, trials, level, float(low), float(high)])
    return cases


def write(name, value):
    path = os.path.join(HERE, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"versions": VERSIONS, **value}, file, allow_nan=False, separators=(",", ":"))
        file.write("\n")
    print(f"{name}: {os.path.getsize(path) / 1e3:.0f} kB")


def main():
    probabilities = [1e-300, 1e-100, 1e-16, 1e-5, 0.001, 0.025, 0.1, 0.3, 0.45, 0.4999, 0.5, 0.51, 0.9, 0.975, 0.9999]
    xs = [-37, -20, -8.5, -5, -3, -2.0001, -2, -1.9999, -1, -0.3, -1e-9, 0, 1e-9, 0.5, 1, 1.96, 2, 3, 6, 9]
    write(
        "normal.json",
        {
            "cdf": [[x, float(scipy.special.ndtr(x))] for x in xs],
            "quantile": [[q, float(scipy.special.ndtri(q))] for q in probabilities],
        },
    )
    write("measures.json", {"cases": measure_cases()})
    write(
        "intervals.json",
        {
            "wilson": wilson_cases(),
            "bca": [
                bca(case("balanced", 31, 60, 4, skill=700), 300, 5, 0.95),
                bca(case("imbalanced with ties", 32, 70, 5, [0] * 9 + [1] * 4 + [2, 2, 3], 6, 3), 300, 6, 0.9),
                bca(case("absent class, good model", 33, 90, 3, [0, 0, 2], 1000, 600), 200, 7, 0.95),
            ],
        },
    )


if __name__ == "__main__":
    main()
