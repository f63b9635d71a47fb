"""Makes the model files of this folder and the answers that onnxruntime for Python gives on fixed inputs (expected.json).

Run once by hand, in an environment with onnx, skl2onnx, scikit-learn and onnxruntime:  python make_fixtures.py
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

folder = Path(__file__).parent
data, species = load_iris(return_X_y=True)
data = data.astype(np.float32)
rows = data[::30]
names = np.array(["setosa", "versicolor", "virginica"])[species]


def values(array):
    return {"type": str(array.dtype), "shape": list(array.shape), "values": array.ravel().tolist()}


def answer(name, inputs):
    """What onnxruntime answers; maps as the list of their dictionaries."""
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
    outputs = {}
    for output, value in zip(session.get_outputs(), session.run(None, inputs)):
        if isinstance(value, list):
            labels = list(value[0])
            outputs[output.name] = {"labels": labels, "values": [[float(row[label]) for label in labels] for row in value]}
        else:
            outputs[output.name] = values(value)
    return {"inputs": {key: values(value) for key, value in inputs.items()}, "outputs": outputs}


def sklearn_model(name, model, options=None, types=None):
    types = types or [("X", FloatTensorType([None, 4]))]
    (folder / f"{name}.onnx").write_bytes(convert_sklearn(model, initial_types=types, options=options, target_opset=17).SerializeToString())


def handmade(name, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="fixtures")
    onnx.checker.check_model(model)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


forest = RandomForestClassifier(5, max_depth=3, random_state=0)
sklearn_model("mlp", MLPRegressor(hidden_layer_sizes=(8,), random_state=0, max_iter=300).fit(data, species))
sklearn_model("forest_zipmap", forest.fit(data, species))
sklearn_model("forest_strings", forest.fit(data, names))
sklearn_model("forest_plain", forest.fit(data, species), options={"zipmap": False})

words = np.array([["red", "small"], ["green", "large"], ["red", "large"], ["blue", "small"]], dtype=object)
tree = make_pipeline(OneHotEncoder(handle_unknown="ignore"), DecisionTreeClassifier(random_state=0)).fit(words, [0, 1, 1, 0])
sklearn_model("words", tree, options={"zipmap": False}, types=[("words", StringTensorType([None, 2]))])

kinds = ["FLOAT", "DOUBLE", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL", "STRING", "FLOAT16"]
handmade(
    "echo",
    [helper.make_node("Identity", [f"in_{kind}"], [f"out_{kind}"]) for kind in kinds],
    [helper.make_tensor_value_info(f"in_{kind}", getattr(TensorProto, kind), ["N", 2]) for kind in kinds],
    [helper.make_tensor_value_info(f"out_{kind}", getattr(TensorProto, kind), ["N", 2]) for kind in kinds],
)
weights = numpy_helper.from_array(np.array([[1.0, -2.0], [0.5, 0.25], [3.0, 1.0]], dtype=np.float32), "weights")
bias = numpy_helper.from_array(np.array([0.5, -0.5], dtype=np.float32), "bias")
handmade(
    "linear",
    [helper.make_node("Gemm", ["x", "weights", "bias"], ["y"])],
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
    [weights, bias],
)

expected = {name: answer(name, {"X": rows}) for name in ["mlp", "forest_zipmap", "forest_strings", "forest_plain"]}
expected["words"] = answer("words", {"words": np.array([["red", "large"], ["purple", "small"]], dtype=object)})
expected["linear"] = answer("linear", {"x": np.array([[1, 2, 3], [0, 0, 0]], dtype=np.float32)})
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
