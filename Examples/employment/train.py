"""Trains the model that says whether a person in the census is employed.

An ordinary MLflow script: it reads a Parquet file, fits scikit-learn, and logs what it did to whatever MLFLOW_TRACKING_URI names.

    python train.py --data data/census-2015.parquet --trees 60
"""

import argparse
import os
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Hints of MLflow on integer columns and on the kinds of data sources: nothing a reader of the log can act on.
warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")

FEATURES = [
    "AGEP", "SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE", "DREM", "SEX", "RAC1P",
]  # fmt: skip
LABEL = "employed"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="Parquet file with the features and the label")
    parser.add_argument("--trees", type=int, default=60)
    parser.add_argument("--depth", type=int, default=3, help="questions a tree may ask: 3 keeps each tree readable")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shuffle-labels", action="store_true", help="spoil the model on purpose: train on labels in random order")
    parser.add_argument("--experiment", default="employment")
    return parser.parse_args()


def scores(model, rows, truth) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

    said = model.predict(rows)
    return {
        "accuracy": float(accuracy_score(truth, said)),
        "f1": float(f1_score(truth, said)),
        "auc": float(roc_auc_score(truth, model.predict_proba(rows)[:, 1])),
    }


def importance_figure(model):
    from matplotlib.figure import Figure

    order = model.feature_importances_.argsort()
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.barh([FEATURES[i] for i in order], model.feature_importances_[order])
    axes.set_title("What the forest looks at")
    axes.set_xlabel("share of the impurity removed")
    return figure


def to_onnx(model):
    """One float tensor `features` [rows, 16] in; `label` int64 [rows] and `probabilities` float [rows, 2] out."""
    from skl2onnx import to_onnx as convert
    from skl2onnx.common.data_types import FloatTensorType

    return convert(
        model,
        initial_types=[("features", FloatTensorType([None, len(FEATURES)]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )


def log_models(model) -> None:
    import joblib
    import mlflow
    import numpy as np
    import onnx
    import onnxruntime
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    signature = ModelSignature(
        inputs=Schema([ColSpec("float", name) for name in FEATURES]),
        outputs=Schema(
            [
                TensorSpec(np.dtype(np.int64), (-1,), "label"),
                TensorSpec(np.dtype(np.float32), (-1, 2), "probabilities"),
            ]
        ),
    )
    mlflow.onnx.log_model(
        to_onnx(model),
        name="model",
        signature=signature,
        onnx_execution_providers=["CPUExecutionProvider"],
        pip_requirements=[f"onnx=={onnx.__version__}", f"onnxruntime=={onnxruntime.__version__}"],
    )
    # The estimator itself, so that anyone can compare its answers with those of the server.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.joblib"
        joblib.dump(model, path, compress=3)
        mlflow.log_artifact(str(path), artifact_path="sklearn")


def main() -> None:
    options = arguments()
    import mlflow
    import mlflow.data
    import mlflow.onnx
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    table = pd.read_parquet(options.data)
    rows = table[FEATURES].astype("float32")
    truth = table[LABEL].astype("int64").to_numpy()
    if options.shuffle_labels:
        truth = np.random.default_rng(options.seed).permutation(truth)
    rows_train, rows_valid, truth_train, truth_valid = train_test_split(
        rows, truth, test_size=0.15, random_state=options.seed, stratify=truth
    )

    mlflow.set_experiment(options.experiment)
    with mlflow.start_run() as run:
        mlflow.log_params({"trees": options.trees, "depth": options.depth, "seed": options.seed, "shuffled": options.shuffle_labels})
        mlflow.log_input(
            mlflow.data.from_pandas(table[[*FEATURES, LABEL]], source=options.data, targets=LABEL, name="census"), context="training"
        )
        model = RandomForestClassifier(
            options.trees, max_depth=options.depth, max_features=0.5, max_samples=0.3, random_state=options.seed, n_jobs=2
        )
        model.fit(rows_train.to_numpy(), truth_train)
        mlflow.log_metrics({f"train_{name}": value for name, value in scores(model, rows_train.to_numpy(), truth_train).items()})
        validation = scores(model, rows_valid.to_numpy(), truth_valid)
        mlflow.log_metrics({f"validation_{name}": value for name, value in validation.items()})
        mlflow.log_figure(importance_figure(model), "importances.png")
        log_models(model)
        print(f"run {run.info.run_id}: " + ", ".join(f"validation {name} {value:.4f}" for name, value in validation.items()))


if __name__ == "__main__":
    main()
