"""Makes an encoder of fewer layers that gives nearly the same vectors; called by build_encoder.sh --layers.

It starts from some layers of the large one and follows its vectors, sentence by sentence (cosine) and within a batch
(the relational distillation of train_encoder.py). What it reads may have typing mistakes, what it follows has none.
"""

import argparse
import pathlib
import random
import time

import torch
from build_encoder import mean_of
from safetensors.torch import save_file
from train_encoder import BATCH, GRADIENT_MAX, WARM_UP, WEIGHT_DECAY, Encoder, all_vectors, read_domains, relation_loss, spoil

# The layers that are kept: the first, the last, and what lies evenly between.
KEPT = {3: (0, 2, 5), 4: (0, 2, 3, 5)}
LEARNING_RATE = 2e-4
# How much more a sentence's own vector counts than its place among others.
OWN_WEIGHT = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", type=pathlib.Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--weights", action="append", required=True, help="SHARE:FILE of train_encoder.py, as often as there are")
    parser.add_argument("--own", type=pathlib.Path, required=True, help="folder with our own sentences")
    parser.add_argument("--public", type=pathlib.Path, help="folder with the public sets as JSON lines")
    parser.add_argument("--without", type=pathlib.Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the weights, as a safetensors file")
    parser.add_argument("--layers", type=int, choices=KEPT, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(1)
    draw = random.Random(1)
    domains = read_domains(options.own, options.public, options.without, True)
    texts = sorted({text for intents in domains.values() for texts in intents.values() for text in texts})
    small = Encoder(options.student)
    weights = {name: torch.from_numpy(it) for name, it in mean_of(options.weights).items()}
    small.model.load_state_dict(weights, strict=False)
    wanted = dict(zip(texts, all_vectors(small, texts)))
    layers = small.model.encoder.layer
    small.model.encoder.layer = torch.nn.ModuleList([layers[i] for i in KEPT[options.layers]])
    for name, weight in small.model.named_parameters():
        weight.requires_grad = not any(part in name for part in ("word_embeddings", "pooler"))
    learnt = [weight for weight in small.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    started, total = time.monotonic(), 0.0
    for step in range(options.steps):
        pace = min(1, (step + 1) / (WARM_UP * options.steps)) * (options.steps - step) / options.steps
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * pace
        batch = draw.sample(texts, BATCH)
        vectors = small.vectors([spoil(text, draw) for text in batch])
        large = torch.stack([wanted[text] for text in batch])
        loss = OWN_WEIGHT * (1 - (vectors * large).sum(1)).mean() + relation_loss(vectors, large)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, GRADIENT_MAX)
        optimizer.step()
        total += loss.item()
        if (step + 1) % 100 == 0:
            print(f"{step + 1}: {total / 100:.3f}, {time.monotonic() - started:.0f} s", flush=True)
            total = 0.0
    save_file({name: it.contiguous() for name, it in small.model.state_dict().items()}, options.out)


if __name__ == "__main__":
    main()
