#!/usr/bin/env python3
"""Writes NPY and NPZ files of every dtype, order and format version that NumPy makes, and what is in
them, as hexadecimal text in one JSON file.

    make_npy_cases.py > npy_cases.json
"""
import io
import json
import sys

import numpy as np
from numpy.lib import format as npy_format


def npy(array, version=None):
    stream = io.BytesIO()
    npy_format.write_array(stream, array, version=version, allow_pickle=True)
    return stream.getvalue()


def case(name, array, version=None, raw=None):
    numbers = array.astype(np.float64).ravel().tolist() if array.dtype.kind in "biuf" else None
    texts = None
    if array.dtype.kind == "U":
        texts = array.ravel().tolist()
    if array.dtype.kind == "S":
        texts = [t.decode("latin-1") for t in array.ravel().tolist()]
    return {"name": name, "hex": (raw or npy(array, version)).hex(), "shape": list(array.shape),
            "numbers": numbers, "texts": texts}


def header(text, version=b"\x01\x00", data=b""):
    body = text.encode()
    return b"\x93NUMPY" + version + len(body).to_bytes(2 if version[0] == 1 else 4, "little") + body + data


def main():
    values = np.arange(12).reshape(3, 4)
    cases = [case(f"{order}{kind}", (values % 2 if kind == "?" else values).astype(order + kind))
             for order in "<>" for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "?")]
    cases += [
        case("negative int8", np.array([-1, -128, 127], "i1")),
        case("negative big-endian int32", np.array([[-1, -70000]], ">i4")),
        case("fortran float32", np.asfortranarray(values.astype("<f4"))),
        case("fortran int64", np.asfortranarray(values.astype("<i8"))),
        case("fortran three dimensions", np.asfortranarray(np.arange(24).reshape(2, 3, 4).astype("<f8"))),
        case("transposed view", values.astype("<f4").T),
        case("scalar", np.array(2.5)),
        case("one dimension", np.array([1.5, 2.5], "<f4")),
        case("empty", np.zeros((0, 4), "<f4")),
        case("version 2", values.astype("<f4"), (2, 0)),
        case("version 3", values.astype("<f4"), (3, 0)),
        case("half specials", np.array([0.0, -0.0, 65504, 2.0**-24, 2.0**-14, 0.333], "f2")),
        case("float128", np.array([0.1, -3], np.longdouble)),
        case("unicode", np.array(["a.jpg", "é/猫.png", "😀", ""])),
        case("big-endian unicode", np.array(["a.jpg", "é/猫.png"]).astype(">U8")),
        case("bytes", np.array([b"a.jpg", b"caf\xe9"])),
        case("python 2 shape, odd order", np.array([[1, 2]], "<f4"),
             raw=header("{'shape': (1L, 2L), 'fortran_order': False, 'descr': '<f4'}\n",
                        data=np.array([[1, 2]], "<f4").tobytes())),
        case("double quotes, spaces, no trailing comma", np.array([3], "<i4"),
             raw=header('{ "descr" : "<i4" ,"fortran_order":False,   "shape":( 1 , ) }   \n',
                        data=np.array([3], "<i4").tobytes())),
    ]
    bfloat = (np.array([1.5, -2.0, 3.0], "<f4").view("<u4") >> 16).astype("<u2")
    raw = header("{'descr': '|V2', 'fortran_order': False, 'shape': (3,), }\n", data=bfloat.tobytes())
    cases.append({"name": "bfloat16", "hex": raw.hex(), "shape": [3], "numbers": [1.5, -2.0, 3.0], "texts": None})

    structured = np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])
    refused = [
        ("object", npy(np.array(["a", None], dtype=object)), "pickle"),
        ("structured", npy(structured), "several named fields"),
        ("dates", npy(np.array(["2020-01-01"], "datetime64[D]")), "dates"),
        ("truncated magic", b"\x93NUM", "not an NPY"),
        ("truncated header", npy(values)[:40], "within its header"),
        ("version 9", b"\x93NUMPY\x09\x00" + bytes(100), "version 9"),
        ("unknown dtype", header("{'descr': '<q9', 'fortran_order': False, 'shape': (1,), }\n"), "dtype"),
        ("float of 3 bytes", header("{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }\n"), "dtype"),
        ("no shape", header("{'descr': '<f4', 'fortran_order': False}\n"), "missing"),
        ("negative shape", header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n"), "shape"),
        ("huge shape", header("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }\n"),
         "impossible"),
        ("not a dict", header("hello\n"), "header"),
        ("dict without end", header("{'descr': '<f4', "), "header"),
        ("data cut short", npy(values.astype("<f8"))[:-1], "cut short"),
    ]
    archive = io.BytesIO()
    np.savez(archive, probs=values.astype("<f4"), files=np.array(["a", "b", "c"]))
    packed = io.BytesIO()
    np.savez_compressed(packed, values.astype(">f8"), names=np.array(["x"]))
    json.dump({"cases": cases, "refused": [{"name": n, "hex": b.hex(), "says": s} for n, b, s in refused],
               "npz": archive.getvalue().hex(), "npz_packed": packed.getvalue().hex()},
              sys.stdout, indent=0)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
