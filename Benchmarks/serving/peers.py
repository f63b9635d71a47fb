"""Other servers with the same ONNX files, one worker each, as their manuals have it. `setup` makes their environments."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bench

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = Path(os.environ.get("SERVING_PEERS") or bench.ROOT / ".cache" / "serving-peers")

ONNX = '''
import onnxruntime

def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
'''

MLSERVER = '''
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from onnx_session import session

class Onnx(MLModel):
    async def load(self):
        self.session = session(self.settings.parameters.uri)
        self.names = [one.name for one in self.session.get_outputs()]
        return True

    async def predict(self, payload):
        rows = NumpyCodec.decode_input(payload.inputs[0])
        found = self.session.run(None, {"features": rows})
        outputs = [NumpyCodec.encode_output(name, value) for name, value in zip(self.names, found)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
'''

KSERVE = '''
import sys
from kserve import InferOutput, InferResponse, Model, ModelServer
from onnx_session import session

class Onnx(Model):
    def __init__(self, name, path):
        super().__init__(name)
        self.session = session(path)
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        found = self.session.run(None, {"features": payload.inputs[0].as_numpy()})
        outputs = []
        for one, value in zip(self.session.get_outputs(), found):
            kind = {"int64": "INT64", "float32": "FP32"}[str(value.dtype)]
            output = InferOutput(name=one.name, shape=list(value.shape), datatype=kind)
            output.set_data_from_numpy(value, binary_data=False)
            outputs.append(output)
        return InferResponse(response_id="1", model_name=self.name, infer_outputs=outputs)

if __name__ == "__main__":
    name, path, port = sys.argv[1:]
    ModelServer(http_port=int(port), enable_grpc=False, workers=1, access_log_format=None).start([Onnx(name, path)])
'''

TRITON = '''
import sys
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def initialize(self, args):
        import json
        import os
        config = json.loads(args["model_config"])
        sys.path.insert(0, os.path.join(args["model_repository"], args["model_version"]))
        from onnx_session import session
        self.session = session(config["parameters"]["path"]["string_value"])
        self.names = [one["name"] for one in config["output"]]

    def execute(self, requests):
        responses = []
        for request in requests:
            rows = pb_utils.get_input_tensor_by_name(request, "features").as_numpy()
            found = self.session.run(self.names, {"features": rows})
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor(n, v) for n, v in zip(self.names, found)]))
        return responses
'''

OUTPUTS = {"rf": [("label", "TYPE_INT64", "[ 1 ] reshape { shape: [ ] }"), ("probabilities", "TYPE_FP32", "[ 2 ]")], "mlp": [("variable", "TYPE_FP32", "[ 1 ]")]}


@dataclass(frozen=True)
class Peer:
    name: str
    # Which bodies it is sent: `JSON` and `binary` of Open Inference, or `inputs` of MLflow's scoring.
    forms: tuple[str, ...]
    # The path of a model's predictions.
    path: Callable[[str], str]
    # Given the folder of the models, a folder of its own and the model's name.
    server: Callable[[Path, Path, str], bench.Server]
    python: Path

    @property
    def is_there(self) -> bool:
        return self.python.exists()


def infer(model: str) -> str:
    return f"/v2/models/{model}/infer"


def mlserver(models: Path, cwd: Path, name: str) -> bench.Server:
    port = bench.free_port()
    ports = {"http_port": port, "grpc_port": bench.free_port(), "metrics_port": bench.free_port()}
    (cwd / "settings.json").write_text(json.dumps({"host": "127.0.0.1", "parallel_workers": 0, "debug": False, **ports}))
    (cwd / "peer_mlserver.py").write_text(MLSERVER)
    (cwd / "onnx_session.py").write_text(ONNX)
    (cwd / name).mkdir()
    settings = {"name": name, "implementation": "peer_mlserver.Onnx", "parameters": {"uri": str(models / f"{name}.onnx")}}
    (cwd / name / "model-settings.json").write_text(json.dumps(settings))
    command = [str(ENVIRONMENTS / "mlserver/bin/mlserver"), "start", str(cwd)]
    return bench.Server(command, port, cwd, health="/v2/health/ready", PYTHONPATH=str(cwd))


def kserve(models: Path, cwd: Path, name: str) -> bench.Server:
    port = bench.free_port()
    (cwd / "peer_kserve.py").write_text(KSERVE)
    (cwd / "onnx_session.py").write_text(ONNX)
    command = [str(ENVIRONMENTS / "kserve/bin/python"), str(cwd / "peer_kserve.py"), name, str(models / f"{name}.onnx"), str(port)]
    return bench.Server(command, port, cwd, health="/v2/health/ready")


def triton(models: Path, cwd: Path, name: str) -> bench.Server:
    """The server in the wheel `nvidia-pytriton`, with its Python backend and its dynamic batcher."""
    port = bench.free_port()
    folder = cwd / "repository" / name / "1"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(TRITON)
    (folder / "onnx_session.py").write_text(ONNX)
    listed = ", ".join(f'{{ name: "{one}" data_type: {kind} dims: {dims} }}' for one, kind, dims in OUTPUTS[name])
    site = next((ENVIRONMENTS / "triton/lib").glob("python3*/site-packages")).absolute()
    (folder.parent / "config.pbtxt").write_text(
        f'name: "{name}" backend: "python" max_batch_size: 64 dynamic_batching {{ }}\n'
        f'input [ {{ name: "features" data_type: TYPE_FP32 dims: [ 20 ] }} ]\noutput [ {listed} ]\n'
        f'parameters {{ key: "path" value {{ string_value: "{models / f"{name}.onnx"}" }} }}\n'
    )
    wheel = site / "pytriton" / "tritonserver"
    # The backend wants the stub of its Python beside it; the wheel has one for each.
    backend = cwd / "backends" / "python"
    shutil.copytree(wheel / "backends" / "python", backend)
    shutil.copy(wheel / "python_backend_stubs" / site.parent.name.removeprefix("python") / "triton_python_backend_stub", backend)
    command = [
        str(wheel / "bin/tritonserver"), f"--model-repository={cwd / 'repository'}", f"--backend-directory={backend.parent}",
        "--http-address=127.0.0.1", f"--http-port={port}", "--allow-grpc=false", "--allow-metrics=false",
    ]  # fmt: skip
    # The stub takes the environment of the first Python that it finds.
    path = os.pathsep.join([str((ENVIRONMENTS / "triton/bin").absolute()), os.environ.get("PATH", "")])
    libraries = ":".join([str(site / "nvidia_pytriton.libs"), str(Path(sys.base_prefix) / "lib")])
    return bench.Server(command, port, cwd, health="/v2/health/ready", LD_LIBRARY_PATH=libraries, PATH=path)


def mlflow(models: Path, cwd: Path, name: str) -> bench.Server:
    """The scikit-learn model itself, as `mlflow models serve` does."""
    port = bench.free_port()
    command = [
        str(MLFLOW), "-m", "mlflow", "models", "serve", "-m", str(models / "mlflow" / name), "--env-manager", "local", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    path = os.pathsep.join([str(MLFLOW.parent), os.environ.get("PATH", "")])
    return bench.Server(command, port, cwd, health="/ping", PATH=path, MLFLOW_DISABLE_TELEMETRY="true")


MLFLOW = bench.mlflow_python() or Path("mlflow-is-missing")
PEERS = [
    Peer("MLServer", ("JSON",), infer, mlserver, ENVIRONMENTS / "mlserver/bin/mlserver"),
    Peer("KServe", ("JSON",), infer, kserve, ENVIRONMENTS / "kserve/bin/python"),
    Peer("Triton, Python backend", ("JSON", "binary"), infer, triton, ENVIRONMENTS / "triton/bin/python"),
    Peer("mlflow models serve", ("inputs",), lambda model: "/invocations", mlflow, MLFLOW),
]
