"""Files of trained models: what loading them would call, told without loading them.

The pickles are harmless: what they would call, were they loaded, asks for the
current folder.
"""

from __future__ import annotations

import bz2
import collections
import io
import json
import os
import pickle
import pickletools
import random
import struct
import zipfile
import zlib

import pytest

from pratique.formats import registry
from pratique.formats.models import inspect
from pratique.formats.models.imports import Danger, Import
from pratique.formats.models.pickled import MAX_OPCODES, UNTOLD
from pratique.model.errors import InputError, LimitError


class Canary:
    def __reduce__(self):
        return os.getcwd, ()


class Evaluates:
    def __reduce__(self):
        return eval, ("1 + 1",)


def told(data: bytes, name: str = "model.pkl") -> list[str]:
    return [str(one) for one in inspect(data, name).runs]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol(protocol: int) -> None:
    data = pickle.dumps({"weights": [1.0, 2.0], "hook": Canary()}, protocol)
    assert told(data) == ["posix.getcwd"]
    data = pickle.dumps([Evaluates()], protocol)
    assert told(data) in (["builtins.eval"], ["__builtin__.eval"])


def test_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pickle.dumps(Canary())

    def called() -> str:
        raise AssertionError("the pickle was loaded")

    monkeypatch.setattr(os, "getcwd", called)
    assert told(data) == ["posix.getcwd"]


def test_harmless_ones_are_harmless() -> None:
    value = collections.OrderedDict(a=[1, 2.5, "text", b"bytes", None, True, {3}, (4, 5)])
    for protocol in range(2, 6):
        found = inspect(pickle.dumps(value, protocol), "model.pkl")
        assert found.runs == found.unknown == found.problems == ()
        assert "collections.OrderedDict" in {str(one) for one in found.imports}


def test_what_is_not_known_is_said() -> None:
    data = b"\x80\x02calpha.beta\nGamma\n)\x81."
    found = inspect(data, "model.pkl")
    assert [str(one) for one in found.unknown] == ["alpha.beta.Gamma"]
    assert found.runs == ()


@pytest.mark.parametrize(
    "data",
    [
        # By way of the memo.
        b"\x80\x04\x8c\x02os\x94\x8c\x06getcwd\x9400h\x00h\x01\x93)R.",
        # Harmless texts above a mark that is taken away again.
        b"\x80\x04\x8c\x02os\x8c\x06getcwd(\x8c\x0bcollections\x8c\x0bOrderedDict1\x93)R.",
        # A duplicate, and another name that is popped.
        b"\x80\x04\x8c\x02os\x8c\x06getcwd\x8c\x03abc0\x93)R.",
        # The mark popped by itself.
        b"\x80\x04\x8c\x02os\x8c\x06getcwd(0\x93)R.",
        # INST, of protocol 0.
        b"(ios\ngetcwd\n.",
        # A tuple in between.
        b"\x80\x04\x8c\x02os(\x8c\x01a\x8c\x01bt0\x8c\x06getcwd\x93)R.",
    ],
)
def test_ways_to_hide_an_import(data: bytes) -> None:
    pickletools.dis(data, io.StringIO())  # well-formed
    assert told(data) == ["os.getcwd"]


def test_an_import_that_is_computed_is_not_harmless() -> None:
    data = b"\x80\x04\x8c\x02os]\x93)R."
    found = inspect(data, "model.pkl")
    assert Import("os", UNTOLD) in found.imports
    assert found.runs or found.unknown
    data = b"\x80\x04N]\x93."
    assert [str(one) for one in inspect(data, "m.pkl").unknown] == [f"{UNTOLD}.{UNTOLD}"]


def test_extensions_are_not_known() -> None:
    assert inspect(b"\x80\x02\x82\x01.", "m.pkl").unknown


def test_what_comes_before_the_damage_counts() -> None:
    data = pickle.dumps(Canary())[:-3] + b"\xff\xff\xff"
    found = inspect(data, "model.pkl")
    assert [str(one) for one in found.runs] == ["posix.getcwd"]
    assert found.problems


def test_a_second_pickle_behind_the_first() -> None:
    data = pickle.dumps([1]) + pickle.dumps(Canary())
    assert told(data) == ["posix.getcwd"]


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return out.getvalue()


def test_pytorch() -> None:
    data = zipped(archive__data_DOT_pkl=pickle.dumps(Canary()), archive__data__0=b"\0" * 64)
    found = inspect(data, "model.pt")
    assert found.format == "PyTorch (ZIP)"
    assert [(str(one), one.member) for one in found.runs] == [("posix.getcwd", "archive/data.pkl")]
    assert found.problems == ()


def array(descr: str, content: bytes) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def test_numpy_arrays_of_objects() -> None:
    plain = inspect(array("'<f8'", b"\0" * 8), "a.npy")
    assert (plain.imports, plain.problems, plain.format) == ((), (), "NumPy array")
    data = array("'|O'", pickle.dumps([Canary()]))
    assert told(data, "a.npy") == ["posix.getcwd"]
    assert told(zipped(arr_0_DOT_npy=data), "a.npz") == ["posix.getcwd"]


def test_joblib_that_is_compressed() -> None:
    data = pickle.dumps(Canary())
    for packed in (zlib.compress(data), bz2.compress(data)):
        assert told(packed, "model.joblib") == ["posix.getcwd"]


def test_a_zlib_bomb_is_refused() -> None:
    with pytest.raises(InputError, match="unpacks to more than"):
        inspect(zlib.compress(b"N" * 60_000_000, 9), "model.joblib")


def test_keras_layers_with_code() -> None:
    layers = {"config": {"layers": [{"class_name": "Lambda", "config": {"name": "odd"}}]}}
    data = zipped(config_DOT_json=json.dumps(layers).encode(), model_DOT_weights_DOT_h5=b"")
    assert inspect(data, "model.keras").layers == ("odd",)
    old = b'\x89HDF\r\n\x1a\n..model_config..{"class_name": "Lambda", "config": {"name": "old"}}'
    assert inspect(old, "model.h5").layers == ("old",)
    assert inspect(b"\x89HDF\r\n\x1a\n.." + b"x" * 50, "model.h5").layers == ()


def test_formats_without_code() -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    tensors = struct.pack("<Q", len(header)) + header + b"\0" * 4
    for data, name, format in (
        (tensors, "m.safetensors", "safetensors"),
        (b"GGUF\x03\0\0\0" + b"\0" * 16, "m.gguf", "GGUF"),
        (b"\x08\x08\x12\x04test", "m.onnx", "ONNX"),
    ):
        found = inspect(data, name)
        assert (found.format, found.imports, found.problems) == (format, (), ())


def test_a_pickle_under_another_name() -> None:
    found = inspect(pickle.dumps(Canary()), "model.safetensors")
    assert [str(one) for one in found.runs] == ["posix.getcwd"]
    assert found.problems == ("is not of the format that its name says",)


def test_too_many_opcodes() -> None:
    data = b"\x80\x02" + b"N0" * (MAX_OPCODES // 2 + 1) + b"."
    (problem,) = inspect(data, "model.pkl").problems
    assert "opcodes" in problem


def test_random_and_changed_bytes() -> None:
    chooser = random.Random(7)
    seeds = [pickle.dumps({"a": Canary(), "b": [1, 2]}, protocol) for protocol in (0, 2, 4, 5)] + [
        array("'|O'", pickle.dumps(1)),
        zipped(a__data_DOT_pkl=pickle.dumps(Canary())),
    ]
    for _ in range(1500):
        data = bytearray(chooser.choice(seeds))
        for _ in range(chooser.randrange(1, 6)):
            data[chooser.randrange(len(data))] = chooser.randrange(256)
        name = chooser.choice(["m.pkl", "m.pt", "m.npy", "m.joblib", "m.h5", "m.safetensors"])
        try:
            inspect(bytes(data), name)
        except (InputError, LimitError):
            continue


@pytest.mark.parametrize(
    ("module", "name", "danger"),
    [
        ("os", "system", Danger.RUNS),
        ("torch.hub", "load", Danger.RUNS),
        ("urllib.request", "urlopen", Danger.RUNS),
        ("builtins", "getattr", Danger.RUNS),
        ("builtins", "print", Danger.UNKNOWN),
        ("builtins", "set", Danger.HARMLESS),
        ("torch", "FloatStorage", Danger.HARMLESS),
        ("numpy.core.multiarray", "_reconstruct", Danger.HARMLESS),
        ("sklearn.tree", "DecisionTree", Danger.UNKNOWN),
        (UNTOLD, UNTOLD, Danger.UNKNOWN),
    ],
)
def test_dangers(module: str, name: str, danger: Danger) -> None:
    assert Import(module, name).danger is danger


def test_a_reading_says_what_loading_would_call() -> None:
    (reader,) = [one for one in registry.by_name("models/m.pkl") if one.name == "model-file"]
    reading = registry.read_function(reader)(pickle.dumps(Canary()), "models/m.pkl", None)
    (part,) = reading.components
    assert str(part.package).startswith("pkg:generic/m.pkl?checksum=sha256:")
    (one,) = reading.suspicions
    assert (one.rule, one.name) == ("model-runs-code", "posix.getcwd")
    assert one.message == "loading it imports posix.getcwd, which runs code"
    assert one.subject == str(part.package)
    assert str(one.location) == "models/m.pkl"
    assert reading.problems == ()


def test_path_files_of_python_are_no_models() -> None:
    (reader,) = [one for one in registry.by_name("lib/a.pth") if one.name == "model-file"]
    read = registry.read_function(reader)
    path = "lib/python3/site-packages/a.pth"
    reading = read(b"/somewhere/src\n", path, None)
    assert reading.components == ()
    assert [one.trouble.value for one in reading.problems] == ["notice"]
    assert read(pickle.dumps(Canary()), path, None).suspicions  # whatever it is called
    assert read(b"/somewhere/src\n", "weights/a.pth", None).problems[0].trouble.value == "unknown"
