"""Callables that a pickle imports, and what is known about them.

Loading a pickle imports each and may call it with arguments of the file's
choice (Python 3.13, *pickle*, "Restricting Globals").
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Danger(StrEnum):
    """What an import means, worst first."""

    RUNS = "runs"
    """It runs commands or code, or opens files or connections."""

    UNKNOWN = "unknown"
    """It is not known to be harmless."""

    HARMLESS = "harmless"
    """It only builds numbers, texts, containers or tensors."""


class Import(msgspec.Struct, frozen=True, order=True):
    """One callable that a file names."""

    module: str
    name: str
    member: str = ""
    """Of the archive that it is in; empty for the file itself."""

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def danger(self) -> Danger:
        """What is known about it."""
        if self.module in _RUNS or self.module.partition(".")[0] in _RUNS:
            return Danger.RUNS
        if self.module in _BUILTINS:
            if self.name in _BUILTIN_HARMLESS:
                return Danger.HARMLESS
            return Danger.RUNS if self.name in _BUILTIN_RUNS else Danger.UNKNOWN
        if (self.module, self.name) in _HARMLESS:
            return Danger.HARMLESS
        if self.module == "torch" and self.name.endswith(("Storage", "Tensor", "Size")):
            return Danger.HARMLESS
        return Danger.UNKNOWN


_BUILTINS = frozenset({"builtins", "__builtin__"})
_BUILTIN_RUNS = frozenset(
    {
        *("eval", "exec", "execfile", "compile", "__import__", "open", "file", "input"),
        *("getattr", "setattr", "delattr", "apply", "map", "filter", "vars", "globals"),
        *("breakpoint", "exit", "quit", "help", "memoryview"),
    }
)
_BUILTIN_HARMLESS = frozenset(
    {
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int"),
        *("list", "object", "range", "set", "slice", "str", "tuple", "long", "unicode"),
        *("xrange", "Ellipsis", "NotImplemented"),
    }
)
_RUNS = frozenset(
    {
        *("os", "nt", "posix", "subprocess", "commands", "pty", "shutil", "sys", "socket"),
        *("asyncio", "multiprocessing", "threading", "concurrent", "signal", "ctypes"),
        *("importlib", "imp", "runpy", "pkgutil", "pydoc", "code", "codeop", "bdb", "pdb"),
        *("timeit", "trace", "profile", "cProfile", "doctest", "webbrowser", "urllib"),
        *("http", "ftplib", "smtplib", "poplib", "imaplib", "telnetlib", "ssl", "requests"),
        *("httpx", "aiohttp", "pathlib", "io", "_io", "tempfile", "zipfile", "tarfile"),
        *("glob", "fileinput", "linecache", "pickle", "_pickle", "cPickle", "dill"),
        *("cloudpickle", "marshal", "shelve", "joblib.externals", "types", "functools"),
        *("operator", "_operator", "itertools", "inspect", "ast", "gc", "weakref", "atexit"),
        *("pip", "ensurepip", "venv", "setuptools", "distutils", "site", "platform"),
        *("torch.hub", "torch.jit", "torch.utils.cpp_extension", "torch._dynamo"),
        *("numpy.testing", "numpy.distutils", "numpy.f2py", "keras.models", "idlelib"),
        *("lib2to3", "test", "uuid", "getpass", "logging", "sqlite3", "xmlrpc", "cffi"),
    }
)
"""Modules that run code or commands, or reach files, processes or the network; and
those by which any other can be reached (``operator``, ``functools``, ``getattr``)."""

_NUMPY = tuple(
    (module, name)
    for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("_reconstruct", "scalar")
)
_HARMLESS = frozenset(
    {
        *_NUMPY,
        *(("numpy", name) for name in ("ndarray", "dtype", "matrix")),
        *((module, "_frombuffer") for module in ("numpy.core.numeric", "numpy._core.numeric")),
        *(
            ("numpy.dtypes", f"{kind}DType")
            for kind in ("Float32", "Float64", "Int32", "Int64", "UInt8", "Bool", "Object")
        ),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("collections", "OrderedDict"),
        ("collections", "Counter"),
        ("collections", "deque"),
        ("copyreg", "_reconstructor"),
        ("copy_reg", "_reconstructor"),
        ("_codecs", "encode"),
        ("datetime", "datetime"),
        ("datetime", "date"),
        ("datetime", "timedelta"),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("torch._utils", "_rebuild_tensor"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch._utils", "_rebuild_sparse_tensor"),
        ("torch._utils", "_rebuild_qtensor"),
        ("torch.storage", "UntypedStorage"),
        ("torch.storage", "TypedStorage"),
        ("torch", "device"),
        ("torch", "bfloat16"),
        ("torch", "float16"),
        ("torch", "float32"),
        ("torch", "float64"),
    }
)
"""Those that the formats' own writers name for arrays, tensors and containers."""
