"""The models that are served: a random forest of 100 trees and a perceptron 20-256-256-1, both of 20 features.

Run as a script it logs both as scikit-learn models for `mlflow models serve`: `models.py FOLDER`."""

import sys
from pathlib import Path

FEATURES = 20
NAMES = ("rf", "mlp")


def rows(count: int = 256):
    import numpy as np

    return np.random.default_rng(7).standard_normal((count, FEATURES)).astype(np.float32)


def estimators() -> dict[str, object]:
    import warnings

    import numpy as np
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPRegressor

    made = np.random.default_rng(3).standard_normal((2_000, FEATURES)).astype(np.float32)
    target = made[:, :5].sum(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        perceptron = MLPRegressor(hidden_layer_sizes=(256, 256), max_iter=5, random_state=1).fit(made, target)
    return {"rf": RandomForestClassifier(100, random_state=1, n_jobs=1).fit(made, target > 0), "mlp": perceptron}


def onnx(estimator):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.base import is_classifier

    options = {id(estimator): {"zipmap": False}} if is_classifier(estimator) else None
    return to_onnx(
        estimator,
        initial_types=[("features", FloatTensorType([None, FEATURES]))],
        options=options,
        target_opset={"": 17, "ai.onnx.ml": 3},
    )


if __name__ == "__main__":
    import mlflow.sklearn

    for name, estimator in estimators().items():
        mlflow.sklearn.save_model(estimator, str(Path(sys.argv[1]) / name), input_example=rows(2), serialization_format="cloudpickle")
