"""Makes the networks that `npm run bench` races on: random weights, once in the layout saccade reads and once as ONNX.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make_models.py [NAME...]

Each goes to bench/peers/models/NAME: config.json and model.safetensors, and NAME.onnx (for the Transformer an encoder,
and a decoder that takes one token and the caches, as exports for transformers.js have them). attention has no weights:
onnxruntime's fused operator alone, for as many heads, causal and not. vision.py has the image models that are also compared with
PyTorch.
"""

import pathlib
import sys

import onnx
import torch
import transformers

from vision import vision_case, vision_models

out = pathlib.Path(__file__).parent / "models"
opset = 17


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return self.model(pixel_values).logits


def export(model, example, path, inputs, outputs, dynamic):
    torch.onnx.export(
        model, example, str(path), input_names=inputs, output_names=outputs, dynamic_axes=dynamic, opset_version=opset, dynamo=False
    )


def image_model(name, model):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    model = model.eval()
    model.save_pretrained(folder)
    example = torch.randn(1, 3, 224, 224)
    export(Logits(model), (example,), folder / f"{name}.onnx", ["pixel_values"], ["logits"], {"pixel_values": {0: "batch"}, "logits": {0: "batch"}})


class Encoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model.model.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


class CrossCache(torch.nn.Module):
    """Keys and values of the source, which every step of the decoder reads."""

    def __init__(self, model):
        super().__init__()
        self.layers = model.model.decoder.layers
        self.heads = model.config.decoder_attention_heads

    def forward(self, memory):
        split = lambda x: x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)
        return tuple(split(project(memory)) for layer in self.layers for project in (layer.encoder_attn.k_proj, layer.encoder_attn.v_proj))


class Step(torch.nn.Module):
    """One token through the decoder: logits, and the caches one place longer."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.heads = model.config.decoder_attention_heads

    def attend(self, attention, x, key, value, mask):
        split = lambda t: t.view(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2)
        query = split(attention.q_proj(x))
        weights = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
        if mask is not None:
            weights = weights + mask
        merged = (weights.softmax(-1) @ value).transpose(1, 2).flatten(2)
        return attention.out_proj(merged)

    def forward(self, input_ids, position, attention_mask, *caches):
        decoder = self.model.model.decoder
        count = len(decoder.layers)
        x = decoder.embed_tokens(input_ids) * decoder.embed_scale + decoder.embed_positions.weight[position]
        mask = (1.0 - attention_mask[:, None, None, :].float()) * -1e9
        split = lambda t: t.view(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2)
        present = []
        for index, layer in enumerate(decoder.layers):
            own = layer.self_attn
            key = torch.cat([caches[2 * index], split(own.k_proj(x))], 2)
            value = torch.cat([caches[2 * index + 1], split(own.v_proj(x))], 2)
            present += [key, value]
            x = layer.self_attn_layer_norm(x + self.attend(own, x, key, value, None))
            cross = caches[2 * count + 2 * index], caches[2 * count + 2 * index + 1]
            x = layer.encoder_attn_layer_norm(x + self.attend(layer.encoder_attn, x, *cross, mask))
            x = layer.final_layer_norm(x + layer.fc2(layer.activation_fn(layer.fc1(x))))
        return (self.model.lm_head(x) + self.model.final_logits_bias, *present)


def translation_model(name, config):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    model = transformers.MarianMTModel(config).eval()
    model.save_pretrained(folder)
    ids, mask = torch.ones(1, 12, dtype=torch.long), torch.ones(1, 12, dtype=torch.long)
    names = {"input_ids": {0: "batch", 1: "source"}, "attention_mask": {0: "batch", 1: "source"}}
    export(Encoder(model), (ids, mask), folder / "encoder.onnx", ["input_ids", "attention_mask"], ["memory"], {**names, "memory": {0: "batch", 1: "source"}})
    memory = torch.randn(1, 12, config.d_model)
    layers, heads, width = config.decoder_layers, config.decoder_attention_heads, config.d_model // config.decoder_attention_heads
    cross = [f"cross.{i}.{part}" for i in range(layers) for part in ("key", "value")]
    source = {name: {0: "batch", 2: "source"} for name in cross}
    export(CrossCache(model), (memory,), folder / "cross.onnx", ["memory"], cross, {"memory": {0: "batch", 1: "source"}, **source})
    past = [f"past.{i}.{part}" for i in range(layers) for part in ("key", "value")]
    present = [f"present.{i}.{part}" for i in range(layers) for part in ("key", "value")]
    caches = [torch.randn(1, heads, 3, width) for _ in past] + [torch.randn(1, heads, 12, width) for _ in cross]
    grow = {**{name: {0: "batch", 2: "past"} for name in past}, **{name: {0: "batch", 2: "now"} for name in present}}
    export(
        Step(model),
        (torch.ones(1, 1, dtype=torch.long), torch.tensor([3]), mask, *caches),
        folder / "step.onnx",
        ["input_ids", "position", "attention_mask", *past, *cross],
        ["logits", *present],
        {"input_ids": {0: "batch"}, "attention_mask": {0: "batch", 1: "source"}, **grow, **source},
    )


def attention_models(name, head_counts):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    array = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", "places", "width"])
    inputs = ["query", "key", "value"]
    sets = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid("com.microsoft", 1)]
    for heads in head_counts:
        for causal in (False, True):
            node = onnx.helper.make_node("MultiHeadAttention", inputs, ["output"], domain="com.microsoft", num_heads=heads, unidirectional=int(causal))
            graph = onnx.helper.make_graph([node], name, [array(input) for input in inputs], [array("output")])
            model = onnx.helper.make_model(graph, opset_imports=sets, ir_version=8)
            onnx.save(model, folder / f"heads-{heads}{'-causal' if causal else ''}.onnx")


labels = 1000
base = dict(d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8, decoder_attention_heads=8)
feed = dict(encoder_ffn_dim=2048, decoder_ffn_dim=2048, activation_function="relu", scale_embedding=True)
words = dict(vocab_size=32000, pad_token_id=31999, decoder_start_token_id=31999, eos_token_id=0, forced_eos_token_id=0, max_position_embeddings=512)
models = {
    "vit-base-patch16": lambda name: image_model(
        name, transformers.ViTForImageClassification(transformers.ViTConfig(num_labels=labels, attn_implementation="eager"))
    ),
    "convnext-tiny": lambda name: image_model(name, transformers.ConvNextForImageClassification(transformers.ConvNextConfig(num_labels=labels))),
    "transformer-base": lambda name: translation_model(name, transformers.MarianConfig(**base, **feed, **words, attn_implementation="eager")),
    "attention": lambda name: attention_models(name, (8, 12)),
    **{name: lambda name: vision_case(out / name, name, export, *vision_models[name]()) for name in vision_models},
}

if __name__ == "__main__":
    for name in sys.argv[1:] or models:
        torch.manual_seed(0)
        models[name](name)
