"""TensorFlow-Serving's gRPC (PredictionService, ModelService), with messages made by Python's own protobuf.

The stubs of `tensorflow-serving-api` want the whole of TensorFlow; so its messages are declared here, with the numbers of its files."""

import grpc
import numpy as np
import pytest
from google.protobuf import any_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from deployment import Deployment

TYPES = {"double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "bool": 8, "string": 9, "bytes": 12, "uint32": 13}
FILES = {
    "tensorflow": """
        Dim size=1:int64 name=2:string
        TensorShapeProto dim=2:*Dim unknown_rank=3:bool
        TensorProto dtype=1:int32 tensor_shape=2:TensorShapeProto tensor_content=4:bytes half_val=13:*int32 float_val=5:*float
        TensorProto double_val=6:*double int_val=7:*int32 string_val=8:*bytes int64_val=10:*int64 bool_val=11:*bool
        TensorInfo name=1:string dtype=2:int32 tensor_shape=3:TensorShapeProto
        SignatureDef inputs=1:%TensorInfo outputs=2:%TensorInfo method_name=3:string
    """,
    "tensorflow.serving": """
        ModelSpec name=1:string version=2:google.protobuf.Int64Value signature_name=3:string version_label=4:string
        PredictRequest model_spec=1:ModelSpec inputs=2:%tensorflow.TensorProto output_filter=3:*string
        PredictResponse outputs=1:%tensorflow.TensorProto model_spec=2:ModelSpec
        GetModelMetadataRequest model_spec=1:ModelSpec metadata_field=2:*string
        GetModelMetadataResponse model_spec=1:ModelSpec metadata=2:%google.protobuf.Any
        SignatureDefMap signature_def=1:%tensorflow.SignatureDef
        StatusProto error_code=1:int32 error_message=2:string
        ModelVersionStatus version=1:int64 state=2:int32 status=3:StatusProto
        GetModelStatusRequest model_spec=1:ModelSpec
        GetModelStatusResponse model_version_status=1:*ModelVersionStatus
    """,
}


def declare(package: str, text: str, needs: list[str]) -> FileDescriptorProto:
    """`*` is repeated, `%` a map from texts."""
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3", dependency=needs)
    messages = {}
    for line in text.strip().splitlines():
        name, *fields = line.split()
        if name not in messages:
            messages[name] = file.message_type.add(name=name)
        message = messages[name]
        for field in fields:
            label, number, kind = field.replace("=", ":").split(":")
            made = message.field.add(name=label, number=int(number), label=Field.LABEL_OPTIONAL)
            target = kind.lstrip("*%")
            full = target if "." in target else f"{package}.{target}"
            if kind.startswith("%"):
                entry = "".join(word.capitalize() for word in label.split("_")) + "Entry"
                nested = message.nested_type.add(name=entry)
                nested.options.map_entry = True
                nested.field.add(name="key", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
                nested.field.add(name="value", number=2, type=Field.TYPE_MESSAGE, type_name=f".{full}", label=Field.LABEL_OPTIONAL)
                made.type, made.type_name, made.label = Field.TYPE_MESSAGE, f".{package}.{name}.{entry}", Field.LABEL_REPEATED
            elif target in TYPES:
                made.type = TYPES[target]
            else:
                made.type, made.type_name = Field.TYPE_MESSAGE, f".{full}"
            if kind.startswith("*"):
                made.label = Field.LABEL_REPEATED
    return file


POOL = DescriptorPool()
for known in (any_pb2, wrappers_pb2):
    POOL.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
POOL.Add(declare("tensorflow", FILES["tensorflow"], []))
POOL.Add(
    declare(
        "tensorflow.serving",
        FILES["tensorflow.serving"],
        ["tensorflow.proto", "google/protobuf/wrappers.proto", "google/protobuf/any.proto"],
    )
)


def message(name: str):
    return GetMessageClass(POOL.FindMessageTypeByName(f"tensorflow.serving.{name}"))


@pytest.fixture(scope="module")
def ask(deployment: Deployment):
    """Calls a method with a message, and gives the answer's message."""
    with grpc.insecure_channel(f"127.0.0.1:{deployment.server.grpc_port}") as channel:

        def call(method: str, request, answer: str):
            service = "ModelService" if method == "GetModelStatus" else "PredictionService"
            stub = channel.unary_unary(
                f"/tensorflow.serving.{service}/{method}",
                request_serializer=lambda one: one.SerializeToString(),
                response_deserializer=message(answer).FromString,
            )
            return stub(request, timeout=20)

        yield call


def request(deployment: Deployment, rows: np.ndarray):
    made = message("PredictRequest")()
    made.model_spec.name = deployment.name
    tensor = made.inputs["features"]
    tensor.dtype = 1
    for size in rows.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = rows.tobytes()
    return made


def array(tensor) -> np.ndarray:
    kind = {1: np.float32, 9: np.int64}[tensor.dtype]
    return np.frombuffer(tensor.tensor_content, dtype=kind).reshape([dim.size for dim in tensor.tensor_shape.dim])


@pytest.mark.parametrize("rows", [1, 64])
def test_answers_equal_scikit_learn(ask, deployment: Deployment, rows: int) -> None:
    asked = deployment.rows[:rows]
    labels, probabilities = deployment.wanted(asked)
    answer = ask("Predict", request(deployment, asked), "PredictResponse")
    assert (array(answer.outputs["label"]) == labels).all()
    assert np.abs(array(answer.outputs["probabilities"]) - probabilities).max() < 1e-5
    assert answer.model_spec.name == deployment.name and answer.model_spec.version.value == int(deployment.version)


def test_typed_elements_filters_versions_and_labels(ask, deployment: Deployment) -> None:
    asked = request(deployment, deployment.rows[:2])
    tensor = asked.inputs["features"]
    tensor.tensor_content = b""
    tensor.float_val.extend(deployment.rows[:2].ravel().tolist())
    asked.output_filter.append("label")
    asked.model_spec.version.value = int(deployment.version)
    answer = ask("Predict", asked, "PredictResponse")
    assert list(answer.outputs) == ["label"]
    assert (array(answer.outputs["label"]) == deployment.wanted(deployment.rows[:2])[0]).all()
    asked = request(deployment, deployment.rows[:1])
    asked.model_spec.version_label = "champion"
    assert ask("Predict", asked, "PredictResponse").model_spec.version.value == int(deployment.version)
    # One element stands for all.
    asked.inputs["features"].tensor_content = b""
    asked.inputs["features"].float_val.append(1.5)
    same = deployment.wanted(np.full((1, 4), 1.5, dtype=np.float32))[0]
    assert (array(ask("Predict", asked, "PredictResponse").outputs["label"]) == same).all()


@pytest.mark.parametrize(
    "change, code, words",
    [
        (lambda r: setattr(r.model_spec, "name", "nobody"), "NOT_FOUND", "unknown model"),
        (lambda r: setattr(r.model_spec, "version_label", "none"), "NOT_FOUND", "Unrecognized servable version label"),
        (lambda r: setattr(r.model_spec, "signature_name", "other"), "INVALID_ARGUMENT", "Serving signature name"),
        (lambda r: setattr(r.inputs["features"], "dtype", 8), "INVALID_ARGUMENT", "data type 8"),
        (lambda r: setattr(r.inputs["features"], "tensor_content", b"123"), "INVALID_ARGUMENT", "3 bytes"),
        (lambda r: r.inputs["features"].tensor_shape.dim.add(size=-1), "INVALID_ARGUMENT", "impossible shape"),
        (lambda r: r.inputs["other"].CopyFrom(r.inputs["features"]), "INVALID_ARGUMENT", "other"),
        (lambda r: r.output_filter.append("other"), "INVALID_ARGUMENT", "output tensor alias"),
    ],
)
def test_clients_mistakes_have_clear_statuses(ask, deployment: Deployment, change, code: str, words: str) -> None:
    asked = request(deployment, deployment.rows[:1])
    change(asked)
    with pytest.raises(grpc.RpcError) as error:
        ask("Predict", asked, "PredictResponse")
    assert error.value.code().name == code and words in error.value.details()


def test_metadata_is_a_signature(ask, deployment: Deployment) -> None:
    asked = message("GetModelMetadataRequest")(metadata_field=["signature_def"])
    asked.model_spec.name = deployment.name
    answer = ask("GetModelMetadata", asked, "GetModelMetadataResponse")
    assert answer.model_spec.version.value == int(deployment.version)
    packed = answer.metadata["signature_def"]
    assert packed.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    definition = message("SignatureDefMap").FromString(packed.value).signature_def["serving_default"]
    features = definition.inputs["features"]
    assert features.dtype == 1 and [dim.size for dim in features.tensor_shape.dim] == [-1, 4]
    assert definition.outputs["label"].dtype == 9 and definition.method_name == "tensorflow/serving/predict"


def test_status_says_available(ask, deployment: Deployment) -> None:
    asked = message("GetModelStatusRequest")()
    asked.model_spec.name = deployment.name
    status = ask("GetModelStatus", asked, "GetModelStatusResponse").model_version_status
    assert [(one.version, one.state, one.status.error_code) for one in status] == [(int(deployment.version), 30, 0)]
    asked.model_spec.version.value = 99
    with pytest.raises(grpc.RpcError) as error:
        ask("GetModelStatus", asked, "GetModelStatusResponse")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
