"""Writes the canonical PNGs of canonical_png_test.cc by the text of src/versions/canonical_png.h."""
import hashlib
import io
import struct
import zlib


def pattern(w, h, c):
    return bytes((i * 7 + i // 251) & 255 for i in range(w * h * c))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def canonical(w, h, c):
    pixels, row = pattern(w, h, c), w * c
    raw = b"".join(b"\0" + pixels[y * row:(y + 1) * row] for y in range(h))
    blocks = [raw[i:i + 65535] for i in range(0, len(raw), 65535)]
    z = b"\x78\x01"
    for i, block in enumerate(blocks):
        z += struct.pack("<BHH", i == len(blocks) - 1, len(block), 65535 ^ len(block)) + block
    z += struct.pack(">I", zlib.adler32(raw))
    assert zlib.decompress(z) == raw
    head = struct.pack(">IIBBBBB", w, h, 8, 0 if c == 1 else 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", z) + chunk(b"IEND", b"")
    try:
        from PIL import Image
        image = Image.open(io.BytesIO(png))
        assert image.mode == ("L" if c == 1 else "RGB") and image.tobytes() == pixels
    except ImportError:
        pass
    return png


for shape in [(1, 1, 1), (28, 28, 1), (32, 32, 3), (300, 257, 3), (65534, 1, 1)]:
    print(hashlib.sha256(canonical(*shape)).hexdigest())
