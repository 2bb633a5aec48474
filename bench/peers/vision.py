"""Image models of full size with random weights, as stored cases: what `saccade verify` reads, and the same model as ONNX.

A folder has config.json, model.safetensors, NAME.onnx, io.safetensors with inputs and PyTorch's outputs in float64, and
golden.json: the tolerance (ten times PyTorch's own error in float32, at least 5e-6, relative to the largest element), PyTorch's
count of floating-point operations, and why there is no ONNX file where the export fails.
"""

import copy
import json

import torch
import transformers
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

side = 224
labels = 1000
# Every operation in view of the exporter, and of the counter of operations.
eager = dict(attn_implementation="eager")


class Outputs(torch.nn.Module):
    """The model as a function of its inputs in order, for the exporter."""

    def __init__(self, model, inputs, outputs):
        super().__init__()
        self.model, self.inputs, self.outputs = model, inputs, outputs

    def forward(self, *values):
        result = self.model(**dict(zip(self.inputs, values)))
        return tuple(result[name] for name in self.outputs)


def keep_scale(model):
    """Keeps activations of convolution networks of order 1: weights and statistics of batch norms by random pictures."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    if not norms:
        return
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_normal_(module.weight)
    for norm in norms:
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        norm.momentum = None  # the mean over all batches, here one
    with torch.no_grad():
        model.train()(pixel_values=torch.randn(4, 3, side, side))


def vision_case(folder, name, export, build, inputs, outputs):
    folder.mkdir(parents=True, exist_ok=True)
    model = build()
    keep_scale(model)
    model = model.eval()
    model.save_pretrained(folder)
    run = Outputs(model, list(inputs), outputs)
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            single = run(*inputs.values())
        double = [value.double() if value.is_floating_point() else value for value in inputs.values()]
        torch.set_default_dtype(torch.float64)  # of the masks that the model makes
        exact = Outputs(copy.deepcopy(model).double(), list(inputs), outputs)(*double)
        torch.set_default_dtype(torch.float32)
    error = max(((a - b).abs().max() / max(1, b.abs().max())).item() for a, b in zip(single, exact))
    wanted = {f"output.{key}": value.float().contiguous() for key, value in zip(outputs, exact)}
    save_file({**{f"input.{key}": value for key, value in inputs.items()}, **wanted}, folder / "io.safetensors")
    notes = {}
    try:
        export(run, tuple(inputs.values()), folder / f"{name}.onnx", list(inputs), outputs, None)
    except Exception as problem:
        notes["no_onnx"] = f"{type(problem).__name__}: {problem}".splitlines()[0]
    golden = {
        "case": name,
        "class": type(model).__name__,
        "reference_f32_error": error,
        "tolerance": max(5e-6, 10 * error),
        "floating_point_operations": counter.get_total_flops(),
        **notes,
        "runs": [{"name": "main", "io": "io.safetensors", "call": {}}],
    }
    (folder / "golden.json").write_text(json.dumps(golden, indent=2))
    print(name, golden)


def picture():
    return {"pixel_values": torch.randn(1, 3, side, side)}


def classifier(model, config):
    return lambda: model(config), picture(), ["logits"]


def clip():
    build = lambda: transformers.CLIPModel(transformers.CLIPConfig(**eager))
    ids = torch.randint(1, 40000, (4, 16))
    ids[:, -1] = 49407
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), **picture()}
    return build, inputs, ["logits_per_image", "text_embeds", "image_embeds"]


def mae():
    build = lambda: transformers.ViTMAEForPreTraining(transformers.ViTMAEConfig(**eager))
    return build, {**picture(), "noise": torch.rand(1, (side // 16) ** 2)}, ["logits"]


def dinov3():
    config = transformers.DINOv3ViTConfig(hidden_size=384, intermediate_size=1536, num_attention_heads=6, num_register_tokens=4, **eager)
    return lambda: transformers.DINOv3ViTModel(config), picture(), ["last_hidden_state", "pooler_output"]


def efficientnet():
    config = transformers.EfficientNetConfig(width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=1280, image_size=side, num_labels=labels)
    return classifier(transformers.EfficientNetForImageClassification, config)


vision_models = {
    "resnet50": lambda: classifier(transformers.ResNetForImageClassification, transformers.ResNetConfig(num_labels=labels)),
    "clip-vit-b32": clip,
    "swin-t": lambda: classifier(transformers.SwinForImageClassification, transformers.SwinConfig(num_labels=labels, **eager)),
    "dinov3-s": dinov3,
    "efficientnet-b0": efficientnet,
    "mae-b": mae,
}
