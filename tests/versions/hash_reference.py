"""Computes the hashes in hash_test.cc from the text of src/versions/hash.h alone."""
import hashlib
import struct


def text(s):
    b = s.encode()
    return struct.pack("<I", len(b)) + b


def entry(content, names, split):
    names = sorted({n.encode() for n in names})
    b = hashlib.sha256(content).digest() + struct.pack("<I", len(names))
    for n in names:
        b += struct.pack("<I", len(n)) + n
    b += struct.pack("<I", 0) + text(split)
    return hashlib.sha256(b).digest()


def total(entries):
    digests = sorted(entry(*e) for e in entries)
    b = b"errata1\n" + struct.pack("<Q", len(digests)) + b"".join(digests)
    return "errata1:" + hashlib.sha256(b).hexdigest()


print(total([]))
print(total([(b"a", ["cat"], "train"), (b"b", ["T-shirt/top", "été", "cat"], ""),
             (b"b", [], "test")]))
