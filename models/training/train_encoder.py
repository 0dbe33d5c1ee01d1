"""Teaches all-MiniLM-L6-v2 to tell intents apart that it has never seen; called by build_encoder.sh.

It learns from many small sets of intents: our own sentences (sentences/*.txt) and, where a folder is given, public sets.
Two losses are added, over batches of 24 intents with 4 sentences each, half of them from one domain:

- supervised contrastive loss (Khosla et al., NeurIPS 2020): sentences of one intent come near, others go away;
- relational distillation (Park et al., CVPR 2019): the student's cosines within the batch follow those of the larger
  all-mpnet-base-v2, by the Kullback-Leibler divergence of their softmax.

Pairs from different domains that the teacher finds alike count neither way: nobody has said whether they mean the same.
Word embeddings stay as they are, so that words which no sentence here has keep their meaning.

With --content, two of three batches are of plainbill's own content: one topic's follow-ups beside the intents that lie
nearest to it, and sentences that are out of scope, which are nobody's like. The weights that it starts from are its teacher.
A fifth of the content is not learnt, so that what is measured there says how new sentences are understood.
"""

import argparse
import json
import math
import pathlib
import random
import re
import time
import tomllib

import torch
import torch.nn.functional as F
from build_encoder import mean_of
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

BATCH, SENTENCES_EACH = 96, 4
CONTRAST_TEMPERATURE, TEACHER_TEMPERATURE = 0.07, 0.05
ALIKE_COSINE = 0.75
NOISE = 0.15
TOKENS_MAX = 32
SENTENCES_MAX, SENTENCES_MIN = 60, 4
WEIGHT_DECAY, WARM_UP, GRADIENT_MAX = 0.01, 0.1, 1.0
# Domains about money and contracts are drawn this much more often: that is what the encoder is for.
NEAR_BILLING = 1.7
NEAR = (
    "dstc11", "nlupp", "multidogo/finance", "own/savings", "own/remit", "own/payables", "own/bookkeeping",
    "own/mortgage", "own/pension", "own/taxoffice", "own/payroll", "own/mobile", "own/energy", "own/water",
    "own/streaming", "own/marketplace", "own/carinsurance",
)  # fmt: skip
PUBLIC = ("dstc11", "bitext", "hint3", "multidogo", "snips", "nlupp_multilabel")
# One batch in so many is of other sentences than the content's.
OTHERS_EACH = 3
# Of a batch of content; the rest are the topic's follow-ups and near intents.
OUTSIDE_EACH, FAR_EACH = 12, 6
OUT_OF_SCOPE, CONTENT = "out_of_scope", "content"
# One sentence of the content in so many is not learnt.
HELD_EACH = 5
# Not learnt from under --hold-out, which is how settings were chosen.
HELD_OUT = ("own/council", "own/gaming", "own/letting", "own/vet", "hint3/curekart", "dstc11/banking")


def own_lines(folder):
    """(domain/intent, sentence) of our own files."""
    for path in sorted(folder.glob("*.txt")):
        intent = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                intent = line[2:].strip()
            elif line.strip():
                yield "own/" + intent.split("/")[0], f"{path.stem}:{intent}", line


def public_lines(folder):
    """The same of the public sets in a folder."""
    for name in PUBLIC:
        for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            intent = row["intent"]
            if intent != "oos" and not intent.lower().endswith("no_nodes_detected"):
                yield f"{name}/" + (intent.split("/")[0] if "/" in intent else ""), intent, row["text"]


def is_held(text):
    """A fifth of all sentences, the same ones each time: FNV-1a, 64 bits, of the lowercase text's UTF-8."""
    sum64 = 0xCBF29CE484222325
    for byte in text.lower().encode():
        sum64 = (sum64 ^ byte) * 0x100000001B3 % 2**64
    return sum64 % HELD_EACH == 0


def read_content(folder, without):
    """The content's sentences by intent or `intent.follow_up`, without those that are held."""
    kept_apart = {bare(json.loads(line)["text"]) for path in without for line in path.open(encoding="utf-8")}
    classes = {}
    for path in sorted(folder.glob("*/*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        if "examples" not in file:
            continue
        more = path.with_suffix(".examples.txt")
        lines = more.read_text(encoding="utf-8").splitlines() if more.exists() else []
        name = path.stem
        classes[name] = list(file["examples"])
        for follow_up in file.get("follow_up", []):
            classes[f"{path.stem}.{follow_up['name']}"] = list(follow_up.get("examples", []))
        # A line `[name]` begins the examples of a follow-up.
        for line in (it.strip() for it in lines if it.strip() and not it.startswith("#")):
            begins = re.fullmatch(r"\[([a-z0-9_]+)\]", line)
            if begins:
                name = f"{path.stem}.{begins[1]}"
            else:
                classes[name].append(line)
    learnt = {
        name: [it for it in dict.fromkeys(texts) if not is_held(it) and bare(it) not in kept_apart]
        for name, texts in classes.items()
    }
    return {name: texts for name, texts in learnt.items() if 2 <= len(texts)}


def words_of(intent):
    """An intent's name read as words: plainbill takes it for an example too, so it is learnt as one."""
    name = re.sub(r"([a-z])([A-Z])", r"\1 \2", intent.split(":")[-1].split("/")[-1])
    return re.sub(r"[_\s]+", " ", name).strip().lower()


def bare(text):
    """Letters and digits alone: what two copies of a sentence have in common."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def read_domains(own, public, without, with_names):
    """Sentences by domain and intent: each sentence once, at most SENTENCES_MAX of an intent, and its name."""
    domains, draw = {}, random.Random(0)
    kept_apart = {bare(json.loads(line)["text"]) for path in without for line in path.open(encoding="utf-8")}
    for domain, intent, text in [*own_lines(own), *(public_lines(public) if public else ())]:
        text = re.sub(r"\s+", " ", text).strip()
        if len(text) >= 4 and bare(text) not in kept_apart:
            domains.setdefault(domain, {}).setdefault(intent, {})[text.lower()] = text
    kept = {}
    for domain, intents in domains.items():
        chosen = {}
        for intent, texts in intents.items():
            texts = list(texts.values())
            draw.shuffle(texts)
            if len(texts) >= SENTENCES_MIN:
                # Joined labels, as those of nlupp, are no names.
                name = [words_of(intent)] if with_names and not domain.startswith("nlupp") else []
                chosen[f"{domain}|{intent}"] = texts[:SENTENCES_MAX] + name
        if len(chosen) >= 2:
            kept[domain] = chosen
    return kept


def spoil(text, draw):
    """Now and then: no capitals, only capitals, no punctuation, or typing mistakes."""
    if draw.random() > NOISE:
        return text
    kind = draw.random()
    if kind < 0.2:
        return text.lower()
    if kind < 0.3:
        return text.upper()
    if kind < 0.4:
        return re.sub(r"[^\w\s]", "", text)
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) > 3 and draw.random() < 0.25:
            j, kind = draw.randrange(1, len(word) - 1), draw.random()
            if kind < 0.35:
                words[i] = word[:j] + word[j + 1] + word[j] + word[j + 2 :]
            elif kind < 0.6:
                words[i] = word[:j] + word[j + 1 :]
            elif kind < 0.8:
                words[i] = word[:j] + word[j] + word[j:]
            else:
                words[i] = word[:j] + draw.choice("abcdefghijklmnopqrstuvwxyz") + word[j + 1 :]
    return " ".join(words)


class Encoder:
    """A sentence encoder with mean pooling; vectors have length 1."""

    def __init__(self, path, weights=None):
        self.tokenizer = AutoTokenizer.from_pretrained(path)
        # No dropout anywhere: the training is short, and noise in the text does its work.
        self.model = AutoModel.from_pretrained(path, attn_implementation="eager").eval()
        if weights:
            mean = {name: torch.from_numpy(it) for name, it in mean_of(weights).items()}
            self.model.load_state_dict(mean, strict=False)

    def vectors(self, texts, tokens_max=TOKENS_MAX):
        """`[texts, numbers]`; texts of like length go through together, so that little is padded."""
        ids = [self.tokenizer.encode(text, truncation=True, max_length=tokens_max) for text in texts]
        order, n = sorted(range(len(ids)), key=lambda i: len(ids[i])), len(ids)
        cuts = [0, n // 3, n * 2 // 3, n * 8 // 9, n]
        parts = [self._pooled([ids[i] for i in order[a:b]]) for a, b in zip(cuts, cuts[1:]) if a < b]
        place = [0] * n
        for k, i in enumerate(order):
            place[i] = k
        return torch.cat(parts)[place]

    def _pooled(self, ids):
        longest = max(map(len, ids))
        padded = torch.full((len(ids), longest), self.tokenizer.pad_token_id)
        mask = torch.zeros((len(ids), longest), dtype=torch.long)
        for row, tokens in enumerate(ids):
            padded[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.model(input_ids=padded, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).float()
        return F.normalize((states.float() * weight).sum(1) / weight.sum(1), dim=-1)


@torch.no_grad()
def all_vectors(encoder, texts, tokens_max=64):
    return torch.cat([encoder.vectors(texts[i : i + 96], tokens_max) for i in range(0, len(texts), 96)])


def teacher_vectors(teacher, texts, kept):
    """The vector of each text by the encoder that `teacher` makes; those in the file `kept` are not computed again."""
    wanted = torch.load(kept) if kept and kept.exists() else {}
    missing = [text for text in texts if text not in wanted]
    if missing:
        wanted.update(zip(missing, all_vectors(teacher(), missing).clone().unbind()))
    if missing and kept:
        torch.save(wanted, kept)
    return wanted


def draw_batch(domains, names, weights, everything, draw):
    """(sentence, intent as a number, domain): half from one domain, a quarter from a second, the rest from anywhere."""
    n_intents = BATCH // SENTENCES_EACH
    first, second = draw.choices(names, weights)[0], draw.choices(names, weights)[0]
    pool = list(domains[first])
    draw.shuffle(pool)
    chosen = [(first, intent) for intent in pool[: n_intents // 2]]
    pool = list(domains[second])
    draw.shuffle(pool)
    chosen += [(second, intent) for intent in pool[: n_intents // 4] if (second, intent) not in chosen]
    while len(chosen) < n_intents:
        other = draw.choice(everything)
        if other not in chosen:
            chosen.append(other)
    batch = []
    for number, (domain, intent) in enumerate(chosen):
        texts = domains[domain][intent]
        batch += [(text, number, domain) for text in draw.sample(texts, min(SENTENCES_EACH, len(texts)))]
    return batch


def nearest_intents(content, wanted):
    """For each intent all others, the nearest first, by the means of the teacher's vectors."""
    intents = [name for name in content if "." not in name and name != OUT_OF_SCOPE]
    means = F.normalize(torch.stack([torch.stack([wanted[it] for it in content[name]]).mean(0) for name in intents]), dim=-1)
    order = (means @ means.T).argsort(1, descending=True).tolist()
    return {name: [intents[i] for i in row if intents[i] != name] for name, row in zip(intents, order)}


def draw_content(content, near, draw):
    """A batch as of `draw_batch`: a topic, its follow-ups and near intents, intents from anywhere, what is out of scope."""
    topic = draw.choice(list(near))
    follow_ups = [name for name in content if name.startswith(f"{topic}.")]
    chosen = [topic, *draw.sample(follow_ups, min(len(follow_ups), 8))]
    n_near = (BATCH - OUTSIDE_EACH) // SENTENCES_EACH - FAR_EACH - len(chosen)
    chosen += near[topic][:n_near] + draw.sample(near[topic][n_near:], FAR_EACH)
    batch = []
    for number, name in enumerate(chosen):
        # Follow-ups of one topic are told from each other and from all intents, not from those of another topic.
        domain = f"{CONTENT}/{topic}" if "." in name else CONTENT
        texts = content[name]
        batch += [(text, number, domain) for text in draw.sample(texts, min(SENTENCES_EACH, len(texts)))]
    outside = draw.sample(content[OUT_OF_SCOPE], OUTSIDE_EACH)
    return batch + [(text, len(chosen) + i, CONTENT) for i, text in enumerate(outside)]


def losses(vectors, labels, domains, teacher):
    """The contrastive loss and the distance to the teacher, as two numbers."""
    n = len(labels)
    self_pairs = torch.eye(n, dtype=torch.bool)
    same = (labels[:, None] == labels[None]) & ~self_pairs
    cosines, wanted = vectors @ vectors.T, teacher @ teacher.T
    foreign = torch.tensor([[one != other and CONTENT not in (one, other) for other in domains] for one in domains])
    left_out = self_pairs | (foreign & (wanted > ALIKE_COSINE))
    odds = F.log_softmax((cosines / CONTRAST_TEMPERATURE).masked_fill(left_out, -1e4), 1)
    has_same = same.any(1)
    contrast = -((odds * same).sum(1) / same.sum(1).clamp(min=1))[has_same].mean()
    return contrast, relation_loss(vectors, teacher)


def relation_loss(vectors, teacher):
    """How differently the vectors of a batch lie to each other than the teacher's do."""
    self_pairs = torch.eye(len(vectors), dtype=torch.bool)
    own, theirs = (
        F.log_softmax((it @ it.T / TEACHER_TEMPERATURE).masked_fill(self_pairs, -1e4), 1) for it in (vectors, teacher)
    )
    return F.kl_div(own, theirs, log_target=True, reduction="batchmean")


def few_shot(encoder, intents, n_shown=5, n_draws=3):
    """Accuracy in percent of logistic regression on `n_shown` sentences of each intent, on the others."""
    vectors = all_vectors(encoder, [text for texts in intents.values() for text in texts])
    labels = torch.tensor([i for i, texts in enumerate(intents.values()) for _ in texts])
    scores = []
    for seed in range(n_draws):
        draw, shown, hidden, start = random.Random(seed), [], [], 0
        for texts in intents.values():
            rows = list(range(start, start + len(texts)))
            draw.shuffle(rows)
            start += len(texts)
            n = min(n_shown, len(rows) - 2)
            shown, hidden = shown + rows[:n], hidden + rows[n:]
        weights = torch.zeros(len(intents), vectors.shape[1], requires_grad=True)
        bias = torch.zeros(len(intents), requires_grad=True)
        optimizer = torch.optim.LBFGS([weights, bias], max_iter=100, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            misfit = F.cross_entropy(vectors[shown] @ weights.T + bias, labels[shown], reduction="sum")
            loss = 30 * misfit + 0.5 * (weights * weights).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        guessed = (vectors[hidden] @ weights.T + bias).argmax(1)
        scores.append((guessed == labels[hidden]).float().mean().item() * 100)
    return sum(scores) / len(scores)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--student", type=pathlib.Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--teacher", type=pathlib.Path, help="folder of all-mpnet-base-v2")
    parser.add_argument("--own", type=pathlib.Path, required=True, help="folder with our own sentences")
    parser.add_argument("--public", type=pathlib.Path, help="folder with the public sets as JSON lines")
    parser.add_argument("--without", type=pathlib.Path, action="append", default=[], metavar="FILE",
        help="JSON lines whose sentences are not learnt from: questions that the encoder will be measured by")  # fmt: skip
    parser.add_argument("--teacher-vectors", type=pathlib.Path, metavar="FILE",
        help="where the teacher's vectors are kept between runs: they take nine minutes")  # fmt: skip
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the weights, as a safetensors file")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--learning-rate", type=float, default=7e-5)
    parser.add_argument("--no-names", action="store_true", help="an intent's name is no sentence of it")
    parser.add_argument("--even", action="store_true", help="draw domains near billing as often as others")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--content", type=pathlib.Path, help="plainbill's own content, which two of three batches are of")
    parser.add_argument("--weights", action="append", metavar="SHARE:FILE",
        help="go on from the mean of these, which is the teacher too, in place of the student's and --teacher")  # fmt: skip
    parser.add_argument("--hold-out", action="store_true", help="leave six domains out and print how they are learnt")
    options = parser.parse_args()
    if not options.weights and not options.teacher:
        parser.error("--teacher is needed, or --weights in its place")

    # One thread: two wait for each other more than they help with batches of this size, and sums keep one order.
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    draw = random.Random(options.seed)
    all_domains = read_domains(options.own, options.public, options.without, not options.no_names)
    domains = {name: it for name, it in all_domains.items() if not (options.hold_out and name in HELD_OUT)}
    n_intents = sum(len(it) for it in domains.values())
    texts = sorted({text for intents in domains.values() for texts in intents.values() for text in texts})
    print(f"{len(texts)} sentences, {n_intents} intents, {len(domains)} domains", flush=True)
    content = read_content(options.content, options.without) if options.content else {}
    if content:
        texts += sorted({text for texts in content.values() for text in texts} - set(texts))
        print(f"and {sum(map(len, content.values()))} sentences of the content, {len(content)} intents and follow-ups", flush=True)

    student = Encoder(options.student, options.weights)
    wanted = teacher_vectors(
        lambda: student if options.weights else Encoder(options.teacher), texts, options.teacher_vectors
    )
    near = nearest_intents(content, wanted) if content else {}
    frozen = ("word_embeddings", "pooler")
    for name, weight in student.model.named_parameters():
        weight.requires_grad = not any(part in name for part in frozen)
    learnt = [weight for weight in student.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=options.learning_rate, weight_decay=WEIGHT_DECAY)
    names = list(domains)
    weights = [
        math.sqrt(sum(map(len, domains[name].values()))) * (NEAR_BILLING if name.startswith(NEAR) and not options.even else 1)
        for name in names
    ]
    everything = [(name, intent) for name in names for intent in domains[name]]
    started, sums = time.monotonic(), [0.0, 0.0]
    for step in range(options.steps):
        pace = min(1, (step + 1) / (WARM_UP * options.steps)) * (options.steps - step) / options.steps
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * pace
        if content and step % OTHERS_EACH:
            batch = draw_content(content, near, draw)
        else:
            batch = draw_batch(domains, names, weights, everything, draw)
        vectors = student.vectors([spoil(text, draw) for text, _, _ in batch])
        labels = torch.tensor([label for _, label, _ in batch])
        contrast, distance = losses(
            vectors, labels, [it for _, _, it in batch], torch.stack([wanted[it] for it, _, _ in batch])
        )
        optimizer.zero_grad()
        (contrast + distance).backward()
        torch.nn.utils.clip_grad_norm_(learnt, GRADIENT_MAX)
        optimizer.step()
        sums = [sums[0] + contrast.item(), sums[1] + distance.item()]
        if (step + 1) % 100 == 0:
            spent = time.monotonic() - started
            print(f"{step + 1}: contrast {sums[0] / 100:.3f}, teacher {sums[1] / 100:.3f}, {spent:.0f} s", flush=True)
            sums = [0.0, 0.0]
    if options.hold_out:
        scores = {name: few_shot(student, all_domains[name]) for name in HELD_OUT if name in all_domains}
        print(", ".join(f"{name} {score:.1f}" for name, score in scores.items()))
        print(f"5 sentences of each intent, mean of domains never seen: {sum(scores.values()) / len(scores):.2f} %")
    save_file({name: it.contiguous() for name, it in student.model.state_dict().items()}, options.out)


if __name__ == "__main__":
    main()
