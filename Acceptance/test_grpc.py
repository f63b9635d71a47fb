"""gRPC through the unmodified tritonclient (calls, asynchronous calls, streams), the stock health and reflection clients."""

import queue
import threading
import time
from multiprocessing import shared_memory

import grpc
import numpy as np
import pytest
import requests
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient import grpc as triton
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

from deployment import Deployment
from jidoka import Jidoka, free_port, run


@pytest.fixture(scope="module")
def client(deployment: Deployment):
    with triton.InferenceServerClient(f"127.0.0.1:{deployment.server.grpc_port}") as client:
        yield client


@pytest.fixture(scope="module")
def channel(deployment: Deployment):
    with grpc.insecure_channel(f"127.0.0.1:{deployment.server.grpc_port}") as channel:
        yield channel


def tensor(rows: np.ndarray) -> triton.InferInput:
    made = triton.InferInput("features", list(rows.shape), "FP32")
    made.set_data_from_numpy(rows)
    return made


def check(answer: triton.InferResult, deployment: Deployment, rows: np.ndarray) -> None:
    labels, probabilities = deployment.wanted(rows)
    assert (answer.as_numpy("label") == labels).all()
    assert np.abs(answer.as_numpy("probabilities") - probabilities).max() < 1e-5


def test_server_and_model_are_ready(client, deployment: Deployment) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(deployment.name) and client.is_model_ready(deployment.name, deployment.version)
    assert not client.is_model_ready("nobody")
    metadata = client.get_server_metadata()
    assert metadata.name == "jidoka" and "system_shared_memory" in metadata.extensions


def test_metadata_configuration_and_statistics_are_those_of_http(client, deployment: Deployment) -> None:
    from tritonclient import http

    with http.InferenceServerClient(f"127.0.0.1:{deployment.server.port}") as other:
        metadata = client.get_model_metadata(deployment.name, as_json=True)
        wanted = other.get_model_metadata(deployment.name)
        assert metadata["inputs"] == [{**one, "shape": [str(size) for size in one["shape"]]} for one in wanted["inputs"]]
        assert metadata["versions"] == wanted["versions"] and metadata["platform"] == wanted["platform"]
        config = client.get_model_config(deployment.name).config
        wanted = other.get_model_config(deployment.name)
        assert config.max_batch_size == wanted["max_batch_size"] == 64
        assert config.input[0].data_type == model_config_pb2.TYPE_FP32 and list(config.input[0].dims) == [4]
        assert config.dynamic_batching.max_queue_delay_microseconds == wanted["dynamic_batching"]["max_queue_delay_microseconds"]
        assert config.instance_group[0].kind == model_config_pb2.ModelInstanceGroup.KIND_CPU
        client.infer(deployment.name, [tensor(deployment.rows[:1])])
        statistics = client.get_inference_statistics(deployment.name).model_stats[0]
        wanted = other.get_inference_statistics(deployment.name)["model_stats"][0]
        assert statistics.inference_count == wanted["inference_count"] > 0
        assert statistics.inference_stats.success.ns == wanted["inference_stats"]["success"]["ns"] > 0


@pytest.mark.parametrize("rows", [1, 7, 64, 150])
def test_answers_equal_scikit_learn(client, deployment: Deployment, rows: int) -> None:
    asked = deployment.rows[:rows]
    outputs = [triton.InferRequestedOutput(name) for name in ("probabilities", "label")]
    answer = client.infer(deployment.name, [tensor(asked)], outputs=outputs, request_id="mine")
    check(answer, deployment, asked)
    response = answer.get_response()
    assert response.id == "mine" and response.model_name == deployment.name and response.model_version == deployment.version
    assert [output.name for output in response.outputs] == ["probabilities", "label"]
    assert response.parameters["route"].string_param == "champion"
    row = response.parameters["prediction_id"].string_param + ("-0" if rows > 1 else "")
    deadline = time.monotonic() + 10
    while requests.get(f"{deployment.server.url}/api/v1/predictions/{row}", timeout=10).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_named_version_answers_and_another_is_not_found(client, deployment: Deployment) -> None:
    answer = client.infer(deployment.name, [tensor(deployment.rows[:1])], model_version=deployment.version)
    assert answer.get_response().parameters["route"].string_param == "version"
    with pytest.raises(InferenceServerException) as error:
        client.infer(deployment.name, [tensor(deployment.rows[:1])], model_version="99")
    assert error.value.status() == "StatusCode.NOT_FOUND"


def test_classification_gives_the_largest(client, deployment: Deployment) -> None:
    output = triton.InferRequestedOutput("probabilities", class_count=2)
    answer = client.infer(deployment.name, [tensor(deployment.rows[:3])], outputs=[output]).as_numpy("probabilities")
    best = deployment.wanted(deployment.rows[:3])[1].argmax(axis=1)
    assert [int(row[0].decode().split(":")[1]) for row in answer] == list(best)


def test_compressed_messages_are_understood(client, deployment: Deployment) -> None:
    for algorithm in ("gzip", "deflate"):
        check(client.infer(deployment.name, [tensor(deployment.rows)], compression_algorithm=algorithm), deployment, deployment.rows)


def test_elements_in_typed_contents_are_taken(channel, deployment: Deployment) -> None:
    stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
    request = service_pb2.ModelInferRequest(model_name=deployment.name)
    one = request.inputs.add(name="features", datatype="FP32", shape=[3, 4])
    one.contents.fp32_contents.extend(deployment.rows[:3].ravel().tolist())
    check(triton.InferResult(stub.ModelInfer(request)), deployment, deployment.rows[:3])


@pytest.mark.parametrize(
    "change, status, words",
    [
        (lambda r: setattr(r, "model_name", "nobody"), "NOT_FOUND", "Request for unknown model"),
        (lambda r: setattr(r.inputs[0], "datatype", "FP64"), "INVALID_ARGUMENT", "bytes"),
        (lambda r: setattr(r.inputs[0], "datatype", "FLOAT"), "INVALID_ARGUMENT", "unknown datatype"),
        (lambda r: setattr(r.inputs[0], "name", "wrong"), "INVALID_ARGUMENT", "unexpected inference input"),
        (lambda r: r.inputs[0].shape.append(1), "INVALID_ARGUMENT", "unexpected shape"),
        (lambda r: r.inputs[0].contents.fp32_contents.append(1), "INVALID_ARGUMENT", "raw_input_contents"),
        (lambda r: r.raw_input_contents.append(b""), "INVALID_ARGUMENT", "more than inputs"),
        (lambda r: r.outputs.add(name="other"), "INVALID_ARGUMENT", "unexpected inference output"),
    ],
)
def test_clients_mistakes_have_clear_statuses(channel, deployment: Deployment, change, status: str, words: str) -> None:
    request = service_pb2.ModelInferRequest(model_name=deployment.name)
    request.inputs.add(name="features", datatype="FP32", shape=[1, 4])
    request.raw_input_contents.append(deployment.rows[:1].tobytes())
    change(request)
    with pytest.raises(grpc.RpcError) as error:
        service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request)
    assert error.value.code().name == status and words in error.value.details()


def test_bytes_that_are_no_message_and_methods_that_are_not_there(channel) -> None:
    call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    with pytest.raises(grpc.RpcError) as error:
        call(b"\xff\xff\xff")
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/inference.GRPCInferenceService/Nothing")(b"")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_asynchronous_calls_are_answered(client, deployment: Deployment) -> None:
    answers: queue.Queue = queue.Queue()
    for index in range(50):
        client.async_infer(
            deployment.name,
            [tensor(deployment.rows[index : index + 1])],
            lambda result, error: answers.put((result, error)),
            request_id=str(index),
        )
    for _ in range(50):
        result, error = answers.get(timeout=10)
        assert error is None
        index = int(result.get_response().id)
        check(result, deployment, deployment.rows[index : index + 1])


def test_a_stream_answers_in_order_and_survives_a_mistake(deployment: Deployment) -> None:
    answers: queue.Queue = queue.Queue()
    with triton.InferenceServerClient(f"127.0.0.1:{deployment.server.grpc_port}") as client:
        client.start_stream(lambda result, error: answers.put((result, error)))
        for index in range(300):
            name = "nobody" if index == 100 else deployment.name
            client.async_stream_infer(
                name, [tensor(deployment.rows[index % 150 : index % 150 + 1])], request_id=str(index), enable_empty_final_response=True
            )
        for index in range(300):
            result, error = answers.get(timeout=10)
            if index == 100:
                assert "Request for unknown model" in str(error)
                continue
            response = result.get_response()
            assert error is None and response.id == str(index)
            assert response.parameters["triton_final_response"].bool_param
            check(result, deployment, deployment.rows[index % 150 : index % 150 + 1])
        client.stop_stream()


def test_many_clients_at_once(deployment: Deployment) -> None:
    failures: list[Exception] = []

    def work() -> None:
        try:
            with triton.InferenceServerClient(f"127.0.0.1:{deployment.server.grpc_port}") as client:
                for index in range(60):
                    check(client.infer(deployment.name, [tensor(deployment.rows[index : index + 2])]), deployment, deployment.rows[index : index + 2])
        except Exception as error:  # told below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_large_messages_pass_and_too_many_rows_are_refused(client, deployment: Deployment) -> None:
    rows = np.tile(deployment.rows, (600, 1))  # 90,000 rows, 1.4 MB in and 1.8 MB out
    assert client.infer(deployment.name, [tensor(rows)]).as_numpy("probabilities").shape == (90_000, 3)
    with pytest.raises(InferenceServerException, match="at most 100000 rows"):
        client.infer(deployment.name, [tensor(np.tile(rows, (2, 1)))])


def test_a_deadline_ends_the_call(client, deployment: Deployment) -> None:
    with pytest.raises(InferenceServerException) as error:
        client.infer(deployment.name, [tensor(deployment.rows)], client_timeout=0.000001)
    assert error.value.status() == "StatusCode.DEADLINE_EXCEEDED"
    check(client.infer(deployment.name, [tensor(deployment.rows)], client_timeout=20), deployment, deployment.rows)


def test_repository_and_settings(client, deployment: Deployment) -> None:
    index = client.get_model_repository_index().models
    assert ("iris", deployment.version, "READY") in [(one.name, one.version, one.state) for one in index]
    client.unload_model(deployment.name)
    assert not client.is_model_ready(deployment.name)
    with pytest.raises(InferenceServerException) as error:
        client.infer(deployment.name, [tensor(deployment.rows[:1])])
    assert error.value.status() == "StatusCode.UNAVAILABLE"
    client.load_model(deployment.name)
    check(client.infer(deployment.name, [tensor(deployment.rows[:1])]), deployment, deployment.rows[:1])
    with pytest.raises(InferenceServerException, match="failed to poll from model repository"):
        client.load_model("nobody")
    with pytest.raises(InferenceServerException, match="cannot be given with the request"):
        client.load_model(deployment.name, config='{"max_batch_size": 2}')
    assert list(client.get_trace_settings().settings["trace_level"].value) == ["OFF"]
    assert client.get_log_settings().settings["log_info"].bool_param
    with pytest.raises(InferenceServerException, match="cannot be changed"):
        client.update_log_settings({"log_verbose_level": 3})


def test_tensors_in_shared_memory(client, deployment: Deployment) -> None:
    rows = np.ascontiguousarray(deployment.rows[:5])
    memory = shared_memory.SharedMemory(create=True, size=8_192)
    try:
        memory.buf[64 : 64 + rows.nbytes] = rows.tobytes()
        client.register_system_shared_memory("place", memory.name, 8_192)
        status = client.get_system_shared_memory_status().regions["place"]
        assert status.key == memory.name and status.byte_size == 8_192
        asked = triton.InferInput("features", [5, 4], "FP32")
        asked.set_shared_memory("place", rows.nbytes, offset=64)
        output = triton.InferRequestedOutput("label")
        output.set_shared_memory("place", 40, offset=4_096)
        answer = client.infer(deployment.name, [asked], outputs=[output, triton.InferRequestedOutput("probabilities")])
        labels, probabilities = deployment.wanted(rows)
        assert (np.frombuffer(memory.buf[4_096:4_136], dtype=np.int64) == labels).all()
        assert answer.get_output("label").parameters["shared_memory_region"].string_param == "place"
        assert np.abs(answer.as_numpy("probabilities") - probabilities).max() < 1e-5
        asked.set_shared_memory("place", 9_000)
        with pytest.raises(InferenceServerException, match="Invalid offset"):
            client.infer(deployment.name, [asked])
        with pytest.raises(InferenceServerException, match="already in manager"):
            client.register_system_shared_memory("place", memory.name, 8_192)
        with pytest.raises(InferenceServerException, match="Unable to open shared memory"):
            client.register_system_shared_memory("none", "there-is-no-such-object", 64)
        # A client that makes its object smaller gets an error, and takes nobody with it.
        with open(f"/dev/shm/{memory.name}", "r+b") as file:
            file.truncate(0)
        asked.set_shared_memory("place", rows.nbytes, offset=64)
        with pytest.raises(InferenceServerException, match="smaller than it was"):
            client.infer(deployment.name, [asked])
        client.unregister_system_shared_memory("place")
        assert not client.get_system_shared_memory_status().regions
        with pytest.raises(InferenceServerException, match="CUDA"):
            client.register_cuda_shared_memory("gpu", b"AAAA", 0, 64)
    finally:
        memory.close()
        memory.unlink()


def test_health_is_answered(channel, deployment: Deployment) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", "inference.GRPCInferenceService"):
        assert stub.Check(health_pb2.HealthCheckRequest(service=service)).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as error:
        stub.Check(health_pb2.HealthCheckRequest(service="nobody"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=""))
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def test_reflection_tells_what_triton_declares(channel) -> None:
    """Every message, field and method that reflection tells is in the client's own files, with the same number and type."""
    database = ProtoReflectionDescriptorDatabase(channel)
    assert {"inference.GRPCInferenceService", "grpc.health.v1.Health"} <= set(database.get_services())
    told = DescriptorPool(database)
    service = told.FindServiceByName("inference.GRPCInferenceService")
    wanted = service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    assert [(m.name, m.input_type.full_name, m.output_type.full_name) for m in service.methods] == [
        (m.name, m.input_type.full_name, m.output_type.full_name) for m in wanted.methods
    ]

    def compare(mine, theirs) -> int:
        assert [f.name for f in mine.fields] == [f.name for f in theirs.fields], mine.full_name
        for a, b in zip(mine.fields, theirs.fields, strict=True):
            assert (a.number, a.type, a.is_repeated) == (b.number, b.type, b.is_repeated), a.full_name
            assert (a.containing_oneof and a.containing_oneof.name) == (b.containing_oneof and b.containing_oneof.name), a.full_name
            if a.message_type:
                assert a.message_type.full_name == b.message_type.full_name
            if a.enum_type:
                assert [(v.name, v.number) for v in a.enum_type.values] == [(v.name, v.number) for v in b.enum_type.values]
        return 1 + sum(compare(one, theirs.nested_types_by_name[one.name]) for one in mine.nested_types)

    known = {**service_pb2.DESCRIPTOR.message_types_by_name, **model_config_pb2.DESCRIPTOR.message_types_by_name}
    assert sum(compare(told.FindMessageTypeByName(f"inference.{name}"), message) for name, message in known.items()) > 90


def test_a_taken_port_is_an_error_where_it_was_asked_for(tmp_path, deployment: Deployment) -> None:
    taken = deployment.server.grpc_port
    refused = run("up", "--home", tmp_path / "home", "--port", free_port(), "--grpc-port", taken, cwd=tmp_path)
    assert refused.returncode == 1 and f"port {taken}" in refused.stderr and "--grpc-port" in refused.stderr


def test_a_stop_ends_streams(project, tmp_path) -> None:
    server = Jidoka(tmp_path, grpc=True)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
        next(watch)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 5, "it does not wait for those that watch"
        with pytest.raises(grpc.RpcError):
            next(watch)
