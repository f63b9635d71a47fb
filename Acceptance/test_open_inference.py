"""Open Inference v2 through the unmodified tritonclient, in JSON and in binary."""

from multiprocessing import shared_memory

import numpy as np
import pytest
import requests
from tritonclient import http
from tritonclient.utils import InferenceServerException

from deployment import Deployment


@pytest.fixture(scope="module")
def client(deployment: Deployment):
    with http.InferenceServerClient(f"127.0.0.1:{deployment.server.port}") as client:
        yield client


def tensor(rows: np.ndarray, binary: bool) -> http.InferInput:
    made = http.InferInput("features", list(rows.shape), "FP32")
    made.set_data_from_numpy(rows, binary_data=binary)
    return made


def test_server_and_model_are_ready(client: http.InferenceServerClient, deployment: Deployment) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(deployment.name)
    assert client.is_model_ready(deployment.name, deployment.version)
    assert not client.is_model_ready("nobody")
    metadata = client.get_server_metadata()
    assert metadata["name"] and metadata["version"] and "binary_tensor_data" in metadata["extensions"]


def test_metadata_names_inputs_and_outputs(client: http.InferenceServerClient, deployment: Deployment) -> None:
    metadata = client.get_model_metadata(deployment.name)
    assert metadata["name"] == deployment.name and deployment.version in metadata["versions"]
    assert metadata["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, 4]}]
    outputs = {output["name"]: output for output in metadata["outputs"]}
    assert outputs["label"]["datatype"] == "INT64"
    assert outputs["probabilities"]["datatype"] == "FP32" and outputs["probabilities"]["shape"][-1] == 3


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_answers_equal_scikit_learn(
    client: http.InferenceServerClient, deployment: Deployment, binary_in: bool, binary_out: bool, rows: int
) -> None:
    asked = deployment.rows[:rows]
    outputs = [http.InferRequestedOutput(name, binary_data=binary_out) for name in ("probabilities", "label")]
    answer = client.infer(deployment.name, [tensor(asked, binary_in)], outputs=outputs, request_id="mine")
    labels, probabilities = deployment.wanted(asked)
    assert (answer.as_numpy("label") == labels).all()
    assert np.abs(answer.as_numpy("probabilities") - probabilities).max() < 1e-5
    response = answer.get_response()
    assert response["id"] == "mine" and response["model_name"] == deployment.name
    assert [output["name"] for output in response["outputs"]] == ["probabilities", "label"]
    assert response["parameters"]["prediction_id"] and response["parameters"]["route"] == "champion"


def test_all_outputs_come_in_binary_when_none_is_named(client: http.InferenceServerClient, deployment: Deployment) -> None:
    answer = client.infer(deployment.name, [tensor(deployment.rows[:3], True)])
    assert answer.as_numpy("label").shape == (3,) and answer.as_numpy("probabilities").shape == (3, 3)


def test_named_version_answers(client: http.InferenceServerClient, deployment: Deployment) -> None:
    answer = client.infer(deployment.name, [tensor(deployment.rows[:1], True)], model_version=deployment.version)
    assert answer.get_response()["model_version"] == deployment.version
    assert answer.get_response()["parameters"]["route"] == "version"


def test_compressed_bodies_are_understood(client: http.InferenceServerClient, deployment: Deployment) -> None:
    answer = client.infer(
        deployment.name,
        [tensor(deployment.rows[:8], True)],
        request_compression_algorithm="gzip",
        response_compression_algorithm="gzip",
    )
    assert (answer.as_numpy("label") == deployment.wanted(deployment.rows[:8])[0]).all()


def test_every_answer_has_the_three_headers(deployment: Deployment) -> None:
    asked = deployment.rows[:2]
    seen = set()
    for _ in range(3):
        answer = post(deployment, {"inputs": [json_tensor(asked)]})
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-jidoka-model-version"] == deployment.version
        assert answer.headers["x-jidoka-route"] == "champion"
        seen.add(answer.headers["x-jidoka-prediction-id"])
    assert len(seen) == 3


def test_data_may_be_nested_or_flat(deployment: Deployment) -> None:
    asked = deployment.rows[:5]
    flat, nested = (
        post(deployment, {"inputs": [json_tensor(asked) | {"data": data}]}) for data in (asked.ravel().tolist(), asked.tolist())
    )
    assert flat.json()["outputs"] == nested.json()["outputs"]


def json_tensor(rows: np.ndarray) -> dict:
    return {"name": "features", "datatype": "FP32", "shape": list(rows.shape), "data": rows.ravel().tolist()}


def post(deployment: Deployment, body: object, name: str | None = None) -> requests.Response:
    return requests.post(f"{deployment.server.url}/v2/models/{name or deployment.name}/infer", json=body, timeout=30)


@pytest.mark.parametrize(
    ("change", "mentions"),
    [
        ({"name": "featurez"}, "featurez"),
        ({"datatype": "INT64"}, "INT64"),
        ({"datatype": "FP31"}, "FP31"),
        ({"shape": [1, 3], "data": [1, 2, 3]}, "features"),
        ({"shape": [2, 4]}, "features"),
        ({"shape": [-1, 4]}, "shape"),
        ({"data": ["a", "b", "c", "d"]}, "features"),
        ({"data": None}, "data"),
    ],
    ids=str,
)
def test_wrong_tensor_is_refused_with_a_reason(deployment: Deployment, change: dict, mentions: str) -> None:
    answer = post(deployment, {"inputs": [json_tensor(deployment.rows[:1]) | change]})
    assert answer.status_code == 400, answer.text
    assert mentions in answer.json()["error"], answer.text


def test_unknown_output_is_refused(client: http.InferenceServerClient, deployment: Deployment) -> None:
    with pytest.raises(InferenceServerException, match="nothing") as refused:
        client.infer(deployment.name, [tensor(deployment.rows[:1], True)], outputs=[http.InferRequestedOutput("nothing")])
    assert "400" in str(refused.value.status())


@pytest.mark.parametrize("version", ["", "99"])
def test_unknown_model_or_version_is_404(client: http.InferenceServerClient, deployment: Deployment, version: str) -> None:
    name = deployment.name if version else "nobody"
    with pytest.raises(InferenceServerException) as refused:
        client.infer(name, [tensor(deployment.rows[:1], True)], model_version=version)
    assert "404" in str(refused.value.status())


def test_binary_sizes_that_do_not_add_up_are_refused(deployment: Deployment) -> None:
    header = b'{"inputs":[{"name":"features","datatype":"FP32","shape":[1,4],"parameters":{"binary_data_size":16}}]}'
    answer = requests.post(
        f"{deployment.server.url}/v2/models/{deployment.name}/infer",
        data=header + b"\0" * 12,
        headers={"Inference-Header-Content-Length": str(len(header)), "Content-Type": "application/octet-stream"},
        timeout=30,
    )
    assert answer.status_code == 400 and answer.json()["error"]


def test_tensors_in_shared_memory(client: http.InferenceServerClient, deployment: Deployment) -> None:
    rows = np.ascontiguousarray(deployment.rows[:5])
    memory = shared_memory.SharedMemory(create=True, size=8_192)
    try:
        memory.buf[64 : 64 + rows.nbytes] = rows.tobytes()
        client.register_system_shared_memory("place", memory.name, 8_192)
        status = client.get_system_shared_memory_status("place")[0]
        assert status["key"] == memory.name and status["byte_size"] == 8_192
        asked = http.InferInput("features", [5, 4], "FP32")
        asked.set_shared_memory("place", rows.nbytes, offset=64)
        output = http.InferRequestedOutput("label", binary_data=True)
        output.set_shared_memory("place", 40, offset=4_096)
        answer = client.infer(deployment.name, [asked], outputs=[output, http.InferRequestedOutput("probabilities", binary_data=True)])
        labels, probabilities = deployment.wanted(rows)
        assert (np.frombuffer(memory.buf[4_096:4_136], dtype=np.int64) == labels).all()
        assert answer.get_output("label")["parameters"]["shared_memory_region"] == "place"
        assert np.abs(answer.as_numpy("probabilities") - probabilities).max() < 1e-5
        asked.set_shared_memory("nowhere", rows.nbytes)
        with pytest.raises(InferenceServerException, match="Unable to find shared memory region"):
            client.infer(deployment.name, [asked])
        with pytest.raises(InferenceServerException, match="Unable to open shared memory"):
            client.register_system_shared_memory("none", "there-is-no-such-object", 64)
        with pytest.raises(InferenceServerException, match="has 8192 bytes"):
            client.register_system_shared_memory("large", memory.name, 8_192, offset=4_096)
        client.unregister_system_shared_memory()
        assert client.get_system_shared_memory_status() == []
        assert client.get_cuda_shared_memory_status() == []
        with pytest.raises(InferenceServerException, match="CUDA"):
            client.register_cuda_shared_memory("gpu", b"AAAA", 0, 64)
    finally:
        memory.close()
        memory.unlink()


def test_models_are_unloaded_and_loaded(client: http.InferenceServerClient, deployment: Deployment) -> None:
    client.unload_model(deployment.name)
    assert not client.is_model_ready(deployment.name)
    index = {(one["name"], one["version"]): one for one in client.get_model_repository_index()}
    assert index[deployment.name, deployment.version]["state"] == "UNAVAILABLE"
    assert index[deployment.name, deployment.version]["reason"] == "unloaded"
    with pytest.raises(InferenceServerException):
        client.infer(deployment.name, [tensor(deployment.rows[:1], True)])
    client.load_model(deployment.name)
    assert client.is_model_ready(deployment.name)
    assert client.infer(deployment.name, [tensor(deployment.rows[:1], True)]).as_numpy("label").shape == (1,)
    client.load_model(deployment.name)  # again: nothing changes
    client.unload_model("nobody")
    with pytest.raises(InferenceServerException, match="failed to load 'nobody'"):
        client.load_model("nobody")


def test_settings_are_read_and_kept(client: http.InferenceServerClient, deployment: Deployment) -> None:
    assert client.get_trace_settings()["trace_level"] == ["OFF"]
    assert client.get_trace_settings(deployment.name)["trace_level"] == ["OFF"]
    assert client.update_trace_settings(settings={"trace_level": ["OFF"], "trace_rate": None})["trace_rate"] == "1000"
    with pytest.raises(InferenceServerException, match="cannot be changed"):
        client.update_trace_settings(settings={"trace_level": ["TIMESTAMPS"]})
    assert client.get_log_settings()["log_info"] is True
    with pytest.raises(InferenceServerException, match="unknown setting"):
        client.update_log_settings({"log_colour": "red"})


def test_metrics_have_tritons_names_too(client: http.InferenceServerClient, deployment: Deployment) -> None:
    def read() -> dict[str, float]:
        lines = requests.get(f"{deployment.server.url}/metrics", timeout=10).text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line.startswith("nv_inference_"))}

    labels = f'{{model="{deployment.name}",version="{deployment.version}"}}'
    before = read()
    client.infer(deployment.name, [tensor(deployment.rows[:7], True)])
    after = read()
    assert after[f"nv_inference_request_success{labels}"] == before[f"nv_inference_request_success{labels}"] + 1
    assert after[f"nv_inference_count{labels}"] == before[f"nv_inference_count{labels}"] + 7
    assert after[f"nv_inference_exec_count{labels}"] == before[f"nv_inference_exec_count{labels}"] + 1
    assert after[f"nv_inference_request_duration_us{labels}"] > before[f"nv_inference_request_duration_us{labels}"]
    assert after[f"nv_inference_pending_request_count{labels}"] == 0
    assert f'nv_inference_request_failure{labels[:-1]},reason="REJECTED"}}' in after
