"""Makes resize.json and resample.json: what PyTorch's interpolate and Pillow's resize give, for the tests of ops.

    pip install torch pillow numpy && python test/data/ops/make.py
"""
import json
import pathlib

import numpy as np
import torch
from PIL import Image

HERE = pathlib.Path(__file__).parent


def ramp(n, seed):
    """Numbers from -1 to 1 that JavaScript makes as well: Park & Miller's generator."""
    state, out = seed * 7919 + 17, []
    for _ in range(n):
        state = state * 16807 % 2147483647
        out.append(state / 2147483647 * 2 - 1)
    return np.array(out, dtype=np.float32)


def resize_cases():
    modes = [("nearest", {}), ("bilinear", {}), ("bilinear", {"align_corners": True}), ("bilinear", {"antialias": True})]
    modes += [("bilinear", {"align_corners": True, "antialias": True})]
    modes += [("bicubic", {}), ("bicubic", {"align_corners": True}), ("bicubic", {"antialias": True})]
    modes += [("bicubic", {"align_corners": True, "antialias": True})]
    cases = []
    for mode, options in modes:
        for length, size in [(5, 9), (9, 5), (14, 37), (7, 7), (1, 3), (4, 1), (16, 3), (49, 21), (6, 98), (2, 82)]:
            x = torch.from_numpy(ramp(length, 1)).double().reshape(1, 1, 1, length).float()
            y = torch.nn.functional.interpolate(x, size=(1, size), mode=mode, **options)
            cases.append({"mode": mode, **options, "length": length, "size": size, "y": y.flatten().tolist()})
    # dino's: the scale in the coordinates is not size / length.
    for length, size, scale in [(14, 9, 9.1 / 14), (14, 20, 20.1 / 14), (3, 8, 8.1 / 3)]:
        x = torch.from_numpy(ramp(length, 1)).reshape(1, 1, 1, length)
        x = x.expand(1, 1, length, length)
        y = torch.nn.functional.interpolate(x, scale_factor=(scale, scale), mode="bicubic")[0, 0, 0]
        assert y.shape == (size,), y.shape
        cases.append({"mode": "bicubic", "scale": scale, "length": length, "size": size, "y": y.tolist()})
    return cases


def resample_cases():
    filters = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
    picture = ((ramp(11 * 13 * 3, 2) + 1) / 2 * 256).astype(np.uint8).reshape(11, 13, 3)
    cases = []
    for name, number in filters.items():
        for height, width in [(11, 5), (11, 29), (4, 13), (23, 13), (6, 7), (17, 40)]:
            out = np.asarray(Image.fromarray(picture).resize((width, height), number))
            cases.append({"filter": name, "height": height, "width": width, "bytes": out.flatten().tolist()})
    return cases


for name, cases in [("resize", resize_cases()), ("resample", resample_cases())]:
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / f"{name}.json").write_text(f"[\n{lines}\n]\n")
