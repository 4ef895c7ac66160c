"""Writes pillow.json: what Pillow makes of small images. Run by hand: python pillow.py, with Pillow 13.0."""

import base64
import json
import pathlib

import PIL
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
SHAPES = [
    # Smaller, larger, by far smaller, one side as it was, one pixel, and the shape that it had.
    ((37, 29), (16, 11)),
    ((9, 7), (25, 31)),
    ((150, 90), (5, 3)),
    ((20, 13), (20, 6)),
    ((20, 13), (7, 13)),
    ((1, 1), (3, 2)),
    ((16, 12), (1, 1)),
    ((8, 6), (8, 6)),
]


def noise(seed, count, sharp):
    """The bytes that `noise` of resize.test.ts makes."""
    data = bytearray()
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        byte = seed >> 24
        data.append((255 if byte > 127 else 0) if sharp else byte)
    return bytes(data)


def main():
    cases = []
    for seed, (size, to) in enumerate(SHAPES):
        for name, resampling in FILTERS.items():
            for sharp in (False, True):
                image = Image.frombytes("RGB", size, noise(seed, 3 * size[0] * size[1], sharp))
                made = image.resize(to, resampling).tobytes()
                bytes_ = base64.b64encode(made).decode()
                cases.append({"seed": seed, "sharp": sharp, "size": size, "to": to, "filter": name, "bytes": bytes_})
    path = pathlib.Path(__file__).with_name("pillow.json")
    lines = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    path.write_text(f'{{\n  "pillow": "{PIL.__version__}",\n  "cases": [\n{lines}\n  ]\n}}\n')


main()
