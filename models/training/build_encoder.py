"""Builds encoder.onnx (int8), tokenizer.json and SHA256SUMS from trained weights; called by build_encoder.sh.

The graph uses only standard ONNX operators, so that ONNX Runtime and rten read the same file:
input_ids, attention_mask (int64 [batch, seq]) -> sentence_embedding (float [batch, 384], mean over tokens, length 1).

Weights are int8 with one scale per output column; activations are quantised while it runs, one scale per tensor.
Before that, each input channel of a matrix is divided by a factor and the matrix multiplied by it, so that the few
channels with large activations do not eat up the range ("SmoothQuant", Xiao et al., ICML 2023, alpha below).
"""

import argparse
import hashlib
import json
import pathlib
import struct

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

ALPHA = 0.75
OPSET = 17


def read_weights(data):
    """Tensors by name, from the bytes of a safetensors file; all float32, as this model is."""
    (header_len,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + header_len])
    weights = {}
    for name, info in header.items():
        if info.get("dtype") == "F32":
            start, end = info["data_offsets"]
            flat = np.frombuffer(data[8 + header_len + start : 8 + header_len + end], np.float32)
            weights[name.removeprefix("bert.")] = flat.reshape(info["shape"])
    return weights


def mean_of(shares):
    """The mean of several runs' weights ("model soup", Wortsman et al., ICML 2022): steadier than each of them."""
    mean = {}
    for share, path in (it.split(":", 1) for it in shares):
        for name, values in read_weights(pathlib.Path(path).read_bytes()).items():
            mean[name] = mean.get(name, 0) + np.float32(share) * values
    return mean


def to_int8(matrix, axis):
    """int8 values and their scales, one scale for each index of the other axis."""
    scale = np.abs(matrix).max(axis=axis, keepdims=True) / 127
    scale[scale == 0] = 1
    return np.rint(matrix / scale).astype(np.int8), scale.astype(np.float32)


class Graph:
    """Collects nodes and constants."""

    def __init__(self):
        self.nodes, self.constants, self.names = [], [], set()

    def constant(self, name, value):
        if name not in self.names:
            self.names.add(name)
            self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def ints(self, *values):
        return self.constant("ints_" + "_".join(str(v) for v in values), np.array(values, np.int64))

    def number(self, name, value):
        return self.constant(name, np.array(value, np.float32))

    def add(self, op, inputs, n_outputs=1, output=None, **attributes):
        name = f"{op}_{len(self.nodes)}"
        outputs = [output] if output else [f"{name}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **attributes))
        return outputs if n_outputs > 1 else outputs[0]


def build(weights, config, smooth=None):
    """The model: float32 without `smooth`, int8 with it. Also, the tensor that enters each matrix, by the matrix's name."""
    width, n_heads = config["hidden_size"], config["num_attention_heads"]
    head_width, epsilon = width // n_heads, config["layer_norm_eps"]
    graph, entering = Graph(), {}
    is_int8 = smooth is not None

    def norm(x, key):
        scale = graph.constant(key + ".scale", weights[key + ".weight"])
        bias = graph.constant(key + ".bias", weights[key + ".bias"])
        return graph.add("LayerNormalization", [x, scale, bias], axis=-1, epsilon=epsilon)

    def linear(x, matrix, bias, name):
        entering[name] = (x, np.abs(matrix).max(axis=1))
        if is_int8:
            factor = smooth[name]
            x = graph.add("Mul", [x, graph.constant(name + ".smooth", 1 / factor)])
            values, scale = to_int8(matrix * factor[:, None], axis=0)
            x8, x_scale, x_zero = graph.add("DynamicQuantizeLinear", [x], n_outputs=3)
            zero = graph.constant("zero_int8", np.zeros((), np.int8))
            y = graph.add("MatMulInteger", [x8, graph.constant(name + ".int8", values), x_zero, zero])
            y = graph.add("Cast", [y], to=TensorProto.FLOAT)
            y = graph.add("Mul", [y, graph.add("Mul", [x_scale, graph.constant(name + ".scale", scale[0])])])
        else:
            y = graph.add("MatMul", [x, graph.constant(name + ".weight", matrix)])
        return graph.add("Add", [y, graph.constant(name + ".bias", bias)])

    def split_heads(x, order):
        return graph.add("Transpose", [graph.add("Reshape", [x, graph.ints(0, 0, n_heads, head_width)])], perm=order)

    words = weights["embeddings.word_embeddings.weight"]
    if is_int8:
        values, scale = to_int8(words, axis=1)
        rows = graph.add("Gather", [graph.constant("words.int8", values), "input_ids"], axis=0)
        scales = graph.add("Gather", [graph.constant("words.scale", scale), "input_ids"], axis=0)
        x = graph.add("Mul", [graph.add("Cast", [rows], to=TensorProto.FLOAT), scales])
    else:
        x = graph.add("Gather", [graph.constant("words", words), "input_ids"], axis=0)
    # A message is one segment, so the vector of segment 0 is folded into the positions.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.add("Slice", [graph.add("Shape", ["input_ids"]), graph.ints(1), graph.ints(2), graph.ints(0)])
    here = graph.add("Slice", [graph.constant("positions", positions), graph.ints(0), length, graph.ints(0)])
    x = norm(graph.add("Add", [x, here]), "embeddings.LayerNorm")

    mask = graph.add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    absent = graph.add("Sub", [graph.number("one", 1), graph.add("Unsqueeze", [mask, graph.ints(1, 2)])])
    unseen = graph.add("Mul", [absent, graph.number("minus_much", -10000)])

    n_layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    for layer in range(n_layers):
        prefix = f"encoder.layer.{layer}."

        def matrix(name):
            return weights[prefix + name + ".weight"].T

        def bias(name):
            return weights[prefix + name + ".bias"]

        parts = ["attention.self.query", "attention.self.key", "attention.self.value"]
        # The 1/sqrt(head width) of attention is folded into the query's columns.
        fold = np.concatenate([np.full(width, head_width**-0.5, np.float32), np.ones(2 * width, np.float32)])
        joined = linear(
            x,
            np.concatenate([matrix(p) for p in parts], axis=1) * fold,
            np.concatenate([bias(p) for p in parts]) * fold,
            f"layer{layer}.qkv",
        )
        query, key, value = graph.add("Split", [joined, graph.ints(width, width, width)], n_outputs=3, axis=-1)
        scores = graph.add("MatMul", [split_heads(query, [0, 2, 1, 3]), split_heads(key, [0, 2, 3, 1])])
        looks = graph.add("Softmax", [graph.add("Add", [scores, unseen])], axis=-1)
        seen = graph.add("MatMul", [looks, split_heads(value, [0, 2, 1, 3])])
        seen = graph.add("Reshape", [graph.add("Transpose", [seen], perm=[0, 2, 1, 3]), graph.ints(0, 0, width)])
        y = linear(seen, matrix("attention.output.dense"), bias("attention.output.dense"), f"layer{layer}.out")
        x = norm(graph.add("Add", [y, x]), prefix + "attention.output.LayerNorm")

        y = linear(x, matrix("intermediate.dense"), bias("intermediate.dense"), f"layer{layer}.up")
        erf = graph.add("Erf", [graph.add("Div", [y, graph.number("sqrt_2", 2**0.5)])])
        y = graph.add("Mul", [y, graph.add("Add", [erf, graph.number("one", 1)])])
        y = graph.add("Mul", [y, graph.number("half", 0.5)])
        y = linear(y, matrix("output.dense"), bias("output.dense"), f"layer{layer}.down")
        x = norm(graph.add("Add", [y, x]), prefix + "output.LayerNorm")

    # The sum over tokens will do for the mean: the length is made 1 afterwards.
    total = graph.add("MatMul", [graph.add("Unsqueeze", [mask, graph.ints(1)]), x])
    total = graph.add("Squeeze", [total, graph.ints(1)])
    squares = graph.add("ReduceSum", [graph.add("Mul", [total, total]), graph.ints(1)], keepdims=1)
    vector_len = graph.add("Max", [graph.add("Sqrt", [squares]), graph.number("tiny", 1e-12)])
    graph.add("Div", [total, vector_len], output="sentence_embedding")

    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "seq"]) for n in ("input_ids", "attention_mask")]
    vector = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", width])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", ids, [vector], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="plainbill",
    )
    return model, entering


def run(session, tokenizer, sentence):
    ids = np.array([tokenizer.encode(sentence).ids])
    return session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})


def measure_smoothing(model, entering, tokenizer, sentences):
    """The factor of each channel that enters a matrix: activation^alpha / weight^(1-alpha), by the matrix's name."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    tensors = sorted({tensor for tensor, _ in entering.values()})
    watched.graph.output.extend(helper.make_tensor_value_info(t, TensorProto.FLOAT, None) for t in tensors)
    session = onnxruntime.InferenceSession(watched.SerializeToString())
    largest = {}
    for sentence in sentences:
        for tensor, values in zip(tensors, run(session, tokenizer, sentence)[1:], strict=True):
            seen = np.abs(values).max(axis=(0, 1))
            largest[tensor] = np.maximum(largest.get(tensor, 0), seen)
    return {
        name: np.maximum(
            np.maximum(largest[tensor], 1e-5) ** ALPHA / np.maximum(weight, 1e-5) ** (1 - ALPHA), 1e-4
        ).astype(np.float32)
        for name, (tensor, weight) in entering.items()
    }


def plain_tokenizer(text):
    """The published tokenizer without its padding and truncation to 128: a message costs what it is long."""
    tokenizer = json.loads(text)
    tokenizer["padding"] = None
    tokenizer["truncation"] = None
    return json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", type=pathlib.Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument(
        "--weights", action="append", required=True, metavar="SHARE:FILE",
        help="what train_encoder.py has written, and its share in the mean; once for each run",
    )  # fmt: skip
    parser.add_argument("--calibration", type=pathlib.Path, required=True)
    parser.add_argument("--dest", type=pathlib.Path, required=True)
    options = parser.parse_args()

    config = json.loads((options.student / "config.json").read_text(encoding="utf-8"))
    tokenizer_text = plain_tokenizer((options.student / "tokenizer.json").read_text(encoding="utf-8"))
    weights, tokenizer = mean_of(options.weights), Tokenizer.from_str(tokenizer_text)
    sentences = options.calibration.read_text(encoding="utf-8").splitlines()
    exact, entering = build(weights, config)
    small, _ = build(weights, config, measure_smoothing(exact, entering, tokenizer, sentences))
    onnx.checker.check_model(small, full_check=True)

    sessions = [onnxruntime.InferenceSession(m.SerializeToString()) for m in (exact, small)]
    cosines = [float((run(sessions[0], tokenizer, s)[0] * run(sessions[1], tokenizer, s)[0]).sum()) for s in sentences]
    onnx.save(small, options.dest / "encoder.onnx")
    (options.dest / "tokenizer.json").write_text(tokenizer_text, encoding="utf-8")
    made = [options.dest / name for name in ("encoder.onnx", "tokenizer.json")]
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made)
    # plainbill checks its model against this file each time it starts.
    (options.dest / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(sums, end="")
    print(f"cosine to float32 on the calibration sentences: mean {np.mean(cosines):.4f}, least {min(cosines):.4f}")


if __name__ == "__main__":
    main()
