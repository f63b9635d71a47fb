"""One MLflow model in a process of its own, asked over a socket, with tensors in shared memory.

    python -I /proc/self/fd/5 FOLDER

Descriptors: 3 the socket, 4 the memory, 5 this text. A message is JSON with its length (4 bytes, little-endian) before it.
The first one that is sent says what the model takes and gives, or why it cannot be opened; from then on each request gets one answer.
A tensor is [name, type, shape, offset, bytes] with the types of Open Inference v2; BYTES elements have their length (4 bytes) before them.
"""

import ctypes
import json
import math
import mmap
import os
import pathlib
import resource
import signal
import socket
import struct
import sys
import traceback

MEMORY = 4
NOBODY = 65534
# MLflow's column types in the words of Open Inference v2; any other type travels as the JSON text of each cell.
COLUMN_TYPES = {
    "boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64", "string": "BYTES", "binary": "BYTES", "datetime": "BYTES",
}  # fmt: skip
NUMPY_TYPES = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1", "INT16": "i2", "INT32": "i4", "INT64": "i8",
    "FP16": "f2", "FP32": "f4", "FP64": "f8",
}  # fmt: skip
WIRE_TYPES = {code: name for name, code in NUMPY_TYPES.items()}


class Refused(Exception):
    """The caller's mistake, not the model's."""


def lock_in(folder: str) -> None:
    """Gives up what a model has no need of, before a line of the model or its libraries runs."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        uncover(libc, [folder, sys.base_prefix, sys.prefix, *filter(os.path.isdir, sys.path)])
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    libc.prctl(1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG: it ends with the server, however that ends
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for path in (folder, sys.prefix):
        if not os.access(path, os.R_OK | os.X_OK):
            raise PermissionError(f"an ordinary user cannot read {path}: let the server run as one, or keep it where others may pass")


def uncover(libc: ctypes.CDLL, needed: list) -> None:
    """Folders that only root may pass through are replaced by empty ones that hold what is needed and nothing else.

    In a view of the files that only this process has (mount_namespaces(7)); where that is not allowed all stays as it is.
    """
    new_namespace, private, bind = 0x20000, 0x44000, 0x5000
    covers = {}
    for path in sorted({os.path.realpath(path) for path in needed}):
        closed = [parent for parent in reversed(pathlib.Path(path).parents) if not parent.stat().st_mode & 1]
        if closed and not any(path.startswith(f"{other}/") for other in covers.get(str(closed[0]), [])):
            covers.setdefault(str(closed[0]), []).append(path)
    if not covers or libc.unshare(new_namespace) or libc.mount(b"none", b"/", None, private, None):
        return
    for cover, paths in covers.items():
        # What is opened in this view stays reachable below the cover.
        opened = [os.open(path, os.O_PATH | os.O_DIRECTORY) for path in paths]
        if libc.mount(b"tmpfs", cover.encode(), b"tmpfs", 0, b"mode=755"):
            return
        for path, source in zip(paths, opened):
            os.makedirs(path)
            libc.mount(f"/proc/self/fd/{source}".encode(), path.encode(), None, bind, None)
            os.close(source)


class Memory:
    def __init__(self) -> None:
        self.map = None

    def reach(self, size: int) -> mmap.mmap:
        """At least `size` bytes of it; both sides may make it larger."""
        if self.map is None or len(self.map) < size:
            if os.fstat(MEMORY).st_size < size:
                os.ftruncate(MEMORY, (size + 0xFFFF) & ~0xFFFF)
            # The old map is let go, not closed: arrays may still look into it.
            self.map = mmap.mmap(MEMORY, os.fstat(MEMORY).st_size)
        return self.map


def read_tensor(memory: Memory, kind: str, shape: list, offset: int, size: int):
    view = memory.reach(offset + size)
    if kind == "BYTES":
        elements, at = [], offset
        while at < offset + size:
            (length,) = struct.unpack_from("<I", view, at)
            elements.append(bytes(view[at + 4 : at + 4 + length]))
            at += 4 + length
        array = numpy.empty(len(elements), dtype=object)
        array[:] = elements
        return array.reshape(shape)
    if kind == "BF16":
        raw = numpy.frombuffer(view, dtype="<u2", count=size // 2, offset=offset).astype("<u4") << 16
        return raw.view("<f4").reshape(shape)
    # A copy: a model may change or keep what it is given.
    return numpy.frombuffer(view, dtype="<" + NUMPY_TYPES[kind], count=math.prod(shape), offset=offset).reshape(shape).copy()


def element_bytes(value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return b""
    return (value.isoformat() if hasattr(value, "isoformat") else json.dumps(value, default=lambda other: getattr(other, "tolist", other.__str__)())).encode()


def write_tensors(memory: Memory, named: list) -> list:
    """Puts arrays into the memory; their descriptions."""
    described, offset = [], 0
    for name, array in named:
        code = array.dtype.str[1:]
        code = "?" if code == "b1" else code
        if code in WIRE_TYPES:
            kind, content = WIRE_TYPES[code], numpy.ascontiguousarray(array).tobytes()
        else:
            cells = [element_bytes(value) for value in array.ravel().tolist()]
            kind, content = "BYTES", b"".join(struct.pack("<I", len(cell)) + cell for cell in cells)
        memory.reach(offset + len(content))[offset : offset + len(content)] = content
        described.append([name, kind, list(array.shape), offset, len(content)])
        offset = (offset + len(content) + 63) & ~63
    return described


def arrays_of(result) -> list:
    """What a model answered as named arrays."""
    if isinstance(result, pandas.DataFrame):
        return [(str(name), result[name].to_numpy()) for name in result.columns]
    if isinstance(result, dict):
        return [(str(name), numpy.asarray(value)) for name, value in result.items()]
    if hasattr(result, "toarray"):
        result = result.toarray()
    if isinstance(result, pandas.Series):
        result = result.to_numpy()
    if isinstance(result, (list, tuple, numpy.ndarray)):
        return [("predictions", numpy.asarray(result))]
    if numpy.isscalar(result):
        return [("predictions", numpy.asarray([result]))]
    raise TypeError(f"the model answered a {type(result).__name__}, not an array, a table or a list")


class Model:
    """A pyfunc model and what its signature says."""

    def __init__(self, folder: str) -> None:
        self.pyfunc = mlflow.pyfunc.load_model(folder)
        signature = self.pyfunc.metadata.signature
        self.columns, self.tensors = [], []
        if signature is None or signature.inputs is None:
            self.inputs = self.of_estimator()
        elif signature.inputs.is_tensor_spec():
            self.tensors = list(signature.inputs)
            self.inputs = [[spec.name or "inputs", self.wire(spec.type), list(spec.shape)] for spec in self.tensors]
        else:
            self.columns = [(spec.name or f"column_{place}", str(getattr(spec.type, "name", ""))) for place, spec in enumerate(signature.inputs)]
            self.inputs = [[name, COLUMN_TYPES.get(kind, "BYTES"), [-1]] for name, kind in self.columns]

    @staticmethod
    def wire(dtype) -> str:
        code = numpy.dtype(dtype).str[1:]
        return WIRE_TYPES.get("?" if code == "b1" else code, "BYTES")

    def of_estimator(self) -> list:
        estimator = getattr(self.pyfunc._model_impl, "sklearn_model", None)
        width = getattr(estimator, "n_features_in_", None)
        if width is None:
            raise Refused("the model was logged without a signature, so nobody knows what it takes")
        names = getattr(estimator, "feature_names_in_", None)
        if names is not None:
            self.columns = [(str(name), "double") for name in names]
            return [[name, "FP64", [-1]] for name, _ in self.columns]
        return [["inputs", "FP64", [-1, int(width)]]]

    def frame(self, given: dict):
        table = {}
        for name, kind in self.columns:
            cells = given[name].reshape(-1)
            if kind == "string":
                cells = numpy.array([cell.decode() for cell in cells], dtype=object)
            elif kind == "datetime":
                cells = pandas.to_datetime([cell.decode() for cell in cells])
            elif kind not in COLUMN_TYPES:
                cells = [json.loads(cell) for cell in cells]
            table[name] = cells
        return pandas.DataFrame(table)

    def predict(self, given: dict) -> list:
        if self.columns:
            asked = self.frame(given)
        elif len(given) == 1 and not (self.tensors and self.tensors[0].name):
            (asked,) = given.values()
        else:
            asked = given
        return arrays_of(self.pyfunc.predict(asked))

    def example(self):
        """The input example, or one row of zeros and empty texts."""
        example = self.pyfunc.input_example
        if example is not None:
            return arrays_of(self.pyfunc.predict(example))
        zeros = {}
        for name, kind, shape in self.inputs:
            size = [1 if length < 0 else length for length in shape]
            zeros[name] = numpy.full(size, b"", dtype=object) if kind == "BYTES" else numpy.zeros(size, dtype=NUMPY_TYPES.get(kind, "f4"))
        return self.predict(zeros)

    def outputs(self) -> list:
        return [[name, self.wire(array.dtype), [-1, *array.shape[1:]] if array.shape else []] for name, array in self.example()]


def is_input_error(error: Exception) -> bool:
    code = getattr(error, "error_code", "")
    return isinstance(error, (Refused, ValueError, TypeError, KeyError)) or code in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


def failure(error: BaseException) -> dict:
    text = str(error).strip() or type(error).__name__
    return {"error": text[:4000], "kind": type(error).__name__, "input": is_input_error(error)}


def serve(channel: socket.socket, memory: Memory, model: Model) -> None:
    reader = channel.makefile("rb")
    while head := reader.read(4):
        request = json.loads(reader.read(struct.unpack("<I", head)[0]))
        try:
            given = {name: read_tensor(memory, kind, shape, offset, size) for name, kind, shape, offset, size in request["inputs"]}
            answer = {"outputs": write_tensors(memory, model.predict(given))}
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            answer = failure(error)
        send(channel, answer)


def send(channel: socket.socket, message: dict) -> None:
    text = json.dumps(message).encode()
    channel.sendall(struct.pack("<I", len(text)) + text)


def main() -> None:
    channel = socket.socket(fileno=3)
    try:
        lock_in(sys.argv[1])
        global mlflow, numpy, pandas
        import mlflow.pyfunc
        import numpy
        import pandas

        model = Model(sys.argv[1])
        send(channel, {"inputs": model.inputs, "outputs": model.outputs()})
    except BaseException as error:
        traceback.print_exc()
        return send(channel, failure(error))
    serve(channel, Memory(), model)


main()
