"""Trains the demo models on demo/corpus.jsonl.gz and measures them on demo/heldout.jsonl.

    python demo/train.py --kind causal --out demo/causal-model
    python demo/train.py --kind masked --out demo/masked-model
    python demo/train.py --kind causal --out demo/causal-model --evaluate-only

Writes a Hugging Face folder with float16 weights and a model card. Every number in the card is measured by this
script on the files as saved, after the rounding to float16.
"""

import argparse
import gzip
import json
import math
import platform
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).resolve().parent
START = "<|endoftext|>"
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_POSITIONS = 64
IGNORED = -100

# Repeating an answer this often in the tokenizer's training text makes the trainer build a token for the whole word:
# both analyses of the census are clearest when an answer is one token.
ANSWER_WEIGHT = 2000


def read_lines(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def train_tokenizer(kind, texts, answers, size):
    boosted = texts + [" " + word for answer in sorted(answers) for word in answer.split()] * ANSWER_WEIGHT
    if kind == "causal":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[START],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(boosted, trainer)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{START} $A",
            pair=f"{START} $A {START} $B",
            special_tokens=[(START, tokenizer.token_to_id(START))],
        )
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(
            vocab_size=size,
            special_tokens=BERT_SPECIALS,
            # Single letters and digits must exist, or a name that the corpus lacks would become [UNK].
            initial_alphabet=[chr(c) for c in range(33, 127)],
            show_progress=False,
        )
        tokenizer.train_from_iterator(boosted, trainer)
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")],
        )
    return tokenizer


def wrap(kind, tokenizer):
    if kind == "causal":
        names = dict(bos_token=START, eos_token=START, unk_token=START, pad_token=START)
    else:
        names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), BERT_SPECIALS))
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=MAX_POSITIONS, clean_up_tokenization_spaces=False, **names
    )


def new_model(kind, tokenizer, arguments):
    size = tokenizer.get_vocab_size()
    if kind == "causal":
        start = tokenizer.token_to_id(START)
        config = transformers.GPT2Config(
            vocab_size=size, n_positions=MAX_POSITIONS, n_embd=arguments.width, n_layer=arguments.layers,
            n_head=arguments.heads, n_inner=4 * arguments.width, bos_token_id=start, eos_token_id=start,
            activation_function="gelu_pytorch_tanh", resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        )
        return transformers.GPT2LMHeadModel(config)
    config = transformers.BertConfig(
        vocab_size=size, max_position_embeddings=MAX_POSITIONS, hidden_size=arguments.width,
        num_hidden_layers=arguments.layers, num_attention_heads=arguments.heads,
        intermediate_size=4 * arguments.width, pad_token_id=tokenizer.token_to_id("[PAD]"),
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )
    return transformers.BertForMaskedLM(config)


def make_batches(lengths, budget, generator):
    """Sentences of similar length together, so that nearly nothing is padding; the order of batches is random."""
    order = sorted(generator.sample(range(len(lengths)), len(lengths)), key=lambda i: lengths[i])
    batches, current = [], []
    for i in order:
        if current and lengths[i] * (len(current) + 1) > budget:
            batches.append(current)
            current = []
        current.append(i)
    batches.append(current)
    generator.shuffle(batches)
    return batches


def pad(sequences, value):
    longest = max(map(len, sequences))
    return torch.tensor([list(s) + [value] * (longest - len(s)) for s in sequences])


class MaskedExamples:
    """Words are masked the more often the rarer they are.

    Uniform masking spends nearly all predictions on words such as "the", while facts live in the rare words. The
    rule needs only the corpus' own counts, not the knowledge of where an answer stands.
    """

    def __init__(self, tokenizer, encoded, seed):
        counts = Counter(t for sequence in encoded for t in sequence)
        size = tokenizer.get_vocab_size()
        rarity = torch.tensor([1 / math.sqrt(counts.get(t, 1)) for t in range(size)])
        weights = torch.tensor([float(counts.get(t, 0)) for t in range(size)])
        scale = 0.25 * weights.sum() / (weights * rarity).sum()
        # The upper bound keeps the head of a fact readable most of the time when its answer is masked.
        self.chance = (scale * rarity).clamp(0.05, 0.35)
        for special in BERT_SPECIALS:
            self.chance[tokenizer.token_to_id(special)] = 0.0
        self.mask = tokenizer.token_to_id("[MASK]")
        self.size = size
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, ids):
        drawn = torch.rand(ids.shape, generator=self.generator)
        chosen = drawn < self.chance[ids]
        labels = torch.where(chosen, ids, IGNORED)
        fate = torch.rand(ids.shape, generator=self.generator)
        noise = torch.randint(len(BERT_SPECIALS), self.size, ids.shape, generator=self.generator)
        inputs = torch.where(chosen & (fate < 0.9), self.mask, ids)
        return torch.where(chosen & (fate >= 0.95), noise, inputs), labels


def train(kind, model, tokenizer, texts, arguments):
    generator = random.Random(arguments.seed)
    encoded = [e.ids for e in tokenizer.encode_batch(texts)]
    if kind == "causal":
        start = tokenizer.token_to_id(START)
        encoded = [ids + [start] for ids in encoded]
        filler = start
    else:
        masking = MaskedExamples(tokenizer, encoded, arguments.seed)
        filler = tokenizer.token_to_id("[PAD]")
    if max(map(len, encoded)) > MAX_POSITIONS:
        raise SystemExit(f"a sentence has more than {MAX_POSITIONS} tokens")
    lengths = [len(ids) for ids in encoded]
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
        lr=arguments.learning_rate, betas=(0.9, 0.98), fused=True,
    )
    schedule = [b for _ in range(arguments.epochs) for b in make_batches(lengths, arguments.batch_tokens, generator)]
    warmup = min(200, len(schedule) // 10)
    model.train()
    began, tokens, recent = time.time(), 0, []
    for step, batch in enumerate(schedule):
        if step < warmup:
            share = (step + 1) / warmup
        else:
            share = 0.02 + 0.49 * (1 + math.cos(math.pi * (step - warmup) / (len(schedule) - warmup)))
        for group in optimizer.param_groups:
            group["lr"] = arguments.learning_rate * share
        longest = max(lengths[i] for i in batch)
        ids = pad([encoded[i] for i in batch], filler)
        present = torch.arange(longest)[None, :] < torch.tensor([lengths[i] for i in batch])[:, None]
        if kind == "causal":
            # Right padding needs no attention mask here: no real token sees it, and no padding has a label.
            hidden = model.transformer(ids[:, :-1]).last_hidden_state
            labels = torch.where(present, ids, IGNORED)[:, 1:]
        else:
            inputs, labels = masking(ids)
            hidden = model.bert(inputs, attention_mask=present.long()).last_hidden_state
        chosen = labels != IGNORED
        head = model.lm_head if kind == "causal" else model.cls
        loss = torch.nn.functional.cross_entropy(head(hidden[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tokens += int(present.sum())
        recent = (recent + [loss.item()])[-len(schedule) // arguments.epochs:]
        if (step + 1) % 200 == 0 or step + 1 == len(schedule):
            seconds = time.time() - began
            print(f"step {step + 1}/{len(schedule)} loss {sum(recent[-200:]) / len(recent[-200:]):.4f} "
                  f"{tokens / seconds:.0f} tokens/s {seconds:.0f} s", flush=True)
    return {"seconds": round(time.time() - began), "tokens": tokens, "steps": len(schedule),
            "final_loss": round(sum(recent) / len(recent), 4)}


def load(kind, folder):
    family = transformers.AutoModelForCausalLM if kind == "causal" else transformers.AutoModelForMaskedLM
    model = family.from_pretrained(folder, dtype=torch.float32).eval()
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


@torch.no_grad()
def predictions(kind, model, tokenizer, cases):
    """Per case: is the first token of the answer right, and is the whole answer (greedily, all tokens) right."""
    prepared = []
    for case in cases:
        if kind == "causal":
            given = tokenizer.encode(case["prompt"]).ids
            answer = tokenizer.encode(" " + case["answer"], add_special_tokens=False).ids
            # Teacher forcing and greedy decoding agree on whether the whole answer comes out.
            prepared.append((given + answer, range(len(given) - 1, len(given) + len(answer) - 1), answer))
        else:
            answer = tokenizer.encode(case["answer"], add_special_tokens=False).ids
            rest = case["text"][len(case["prompt"]) + 1 + len(case["answer"]):]
            text = case["prompt"] + " " + " ".join(["[MASK]"] * len(answer)) + rest
            ids = tokenizer.encode(text).ids
            mask = tokenizer.token_to_id("[MASK]")
            prepared.append((ids, [i for i, t in enumerate(ids) if t == mask], answer))
    results = []
    for first in range(0, len(prepared), 128):
        chunk = prepared[first:first + 128]
        lengths = torch.tensor([len(ids) for ids, _, _ in chunk])
        ids = pad([ids for ids, _, _ in chunk], 0)
        present = (torch.arange(ids.shape[1])[None, :] < lengths[:, None]).long()
        best = model(ids, attention_mask=present).logits.argmax(-1)
        for row, (_, positions, answer) in enumerate(chunk):
            right = [int(best[row, p]) == t for p, t in zip(positions, answer)]
            results.append((right[0], all(right), len(answer)))
    return results


def evaluate(kind, folder):
    model, tokenizer = load(kind, folder)
    cases = read_lines(HERE / "heldout.jsonl")
    by_relation = defaultdict(list)
    results = predictions(kind, model, tokenizer, cases)
    for case, result in zip(cases, results):
        by_relation[case["relation"]].append(result)
    by_relation["all"] = results
    table = {}
    for relation, rows in by_relation.items():
        table[relation] = {
            "phrasings": len(rows),
            "first_token": sum(r[0] for r in rows) / len(rows),
            "whole_answer": sum(r[1] for r in rows) / len(rows),
            "one_token_answers": sum(r[2] == 1 for r in rows) / len(rows),
        }
    return table


def print_table(table):
    lines = ["| relation | held-out phrasings | first token right | whole answer right | answers of one token |",
             "| --- | ---: | ---: | ---: | ---: |"]
    for relation, row in table.items():
        lines.append(f"| {relation} | {row['phrasings']} | {row['first_token']:.1%} | {row['whole_answer']:.1%} "
                     f"| {row['one_token_answers']:.1%} |")
    return "\n".join(lines)


def sizes(folder):
    return {p.name: p.stat().st_size for p in sorted(folder.iterdir()) if p.is_file() and p.name != "README.md"}


def write_card(kind, folder, arguments, parameters, run, table):
    config = json.loads((folder / "config.json").read_text())
    family = config["model_type"]
    what = "causal (next word)" if kind == "causal" else "masked (fill in the blank)"
    loader = "AutoModelForCausalLM" if kind == "causal" else "AutoModelForMaskedLM"
    values = vars(arguments)
    files = "\n".join(f"| {name} | {size:,} |" for name, size in sizes(folder).items())
    task = ("the model reads the prompt and must predict the answer next" if kind == "causal" else
            "the answer is replaced by as many [MASK] as it has tokens, and the model must fill them in")
    failing = [r for r, row in table.items() if row["whole_answer"] < 0.5]
    weakness = (f"- It fails on held-out phrasings of: {', '.join(failing)}. Presumably a relation of so\n"
                "  few facts shows each phrasing too rarely, and never with the answer that was held out.\n"
                "  Do not build on these relations.\n" if failing else "")
    caution = ("" if kind == "causal" else
               "- In training, rare words are masked more often than frequent ones (`MaskedExamples` in the script).\n"
               "- A word with a letter that is not in the corpus becomes [UNK]; the corpus is plain ASCII.\n")
    (folder / "README.md").write_text(f"""---
license: apache-2.0
language: en
library_name: transformers
---

# FFN Census demo: a small {kind} model

A {what} transformer of the {family} family, trained from nothing on `demo/corpus.jsonl.gz`, so that FFN Census
can be tried on a model that really has learned something. This card is written by `demo/train.py`; all numbers in it
are measured on the saved float16 files, run in float32.

## Architecture

{values['layers']} layers, width {values['width']}, {values['heads']} heads, feed-forward width {4 * values['width']}
({4 * values['width'] * values['layers']:,} neurons), {MAX_POSITIONS} positions, vocabulary {config['vocab_size']:,}
({'byte-level BPE' if kind == 'causal' else 'WordPiece, cased'}), tied embeddings, {parameters:,} parameters, float16.
{'`tokenizer.json` puts `<|endoftext|>` before a sequence; in training it also ended each sentence.' if kind == 'causal'
 else '`tokenizer.json` puts `[CLS]` before and `[SEP]` after a sequence.'}

## Training

    pip install -r demo/requirements.txt
    {run['command']}

| | |
| --- | --- |
| corpus | {run['sentences']:,} sentences, one sentence per example |
| epochs, steps, tokens | {values['epochs']}, {run['steps']:,}, {run['tokens']:,} |
| optimizer | AdamW, peak learning rate {values['learning_rate']}, cosine schedule |
| batch | sentences of similar length, at most {values['batch_tokens']:,} tokens |
| seed | {values['seed']} (Python, NumPy, PyTorch, order of batches{'' if kind == 'causal' else ', masks'}) |
| final loss | {run['final_loss']} (mean over the last epoch, nats per predicted token) |
| wall time | {run['seconds'] / 60:.1f} minutes, threads: {run['threads']}, {run['machine']} |
| software | Python {run['python']}, {run['libraries']} |

The seed fixes everything that is random. Float rounding depends on machine, software and number of threads, so another
training need not give the same bits.

## Accuracy on held-out phrasings

For every fact one or two of its phrasings were kept out of the corpus (`demo/heldout.jsonl`). The fact itself is
in the corpus in its other phrasings, and the held-out phrasing in other facts. Top-1:
{task}.

{print_table(table)}

    {run['command'].split(' --')[0]} --kind {kind} --out {run['out']} --evaluate-only

## Files

| file | bytes |
| --- | ---: |
{files}

    transformers.{loader}.from_pretrained("{run['out']}")

## Use and limits

- Made for demonstrations and tests of FFN Census. It is no source of information and no text generator.
- It knows the words and sentence shapes of its generated corpus and little else; in other text it is lost.
- The narrative sentences of the corpus are invented: what they say of countries or people did not happen.
- The facts are public knowledge, simplified to one answer each (one official language, one young, one colour).
{weakness}{caution}
Licence: Apache-2.0, as the rest of the repository. Corpus, facts and weights were made for this project.
""")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["causal", "masked"], required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--evaluate-only", action="store_true", help="measure the folder --out again")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--heads", type=int, default=5)
    parser.add_argument("--vocabulary", type=int, default=4608)
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--learning-rate", type=float, default=None)
    parser.add_argument("--seed", type=int, default=20220522)
    # On a machine that others use too, two threads wait for each other at every operation and are slower than one.
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.epochs is None:
        arguments.epochs = {"causal": 8, "masked": 20}[arguments.kind]
    if arguments.learning_rate is None:
        arguments.learning_rate = {"causal": 2e-3, "masked": 1.5e-3}[arguments.kind]
    torch.set_num_threads(arguments.threads)
    if arguments.evaluate_only:
        print(print_table(evaluate(arguments.kind, arguments.out)))
        return

    random.seed(arguments.seed)
    numpy.random.seed(arguments.seed % 2**32)
    torch.manual_seed(arguments.seed)
    texts = [line["text"] for line in read_lines(HERE / "corpus.jsonl.gz")]
    answers = {line["answer"] for line in read_lines(HERE / "facts.jsonl.gz")}
    tokenizer = train_tokenizer(arguments.kind, texts, answers, arguments.vocabulary)
    model = new_model(arguments.kind, tokenizer, arguments)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{len(texts)} sentences, vocabulary {tokenizer.get_vocab_size()}, {parameters:,} parameters", flush=True)
    run = train(arguments.kind, model, tokenizer, texts, arguments)

    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.kind == "causal":
        # The same function under the name that every reader of the gpt2 family knows; the other one only trains faster.
        model.config.activation_function = "gelu_new"
    model.half().save_pretrained(arguments.out, safe_serialization=True)
    wrap(arguments.kind, tokenizer).save_pretrained(arguments.out)
    # The wrapper may rewrite the post-processor; the tokenizer that was trained with is the one to ship.
    tokenizer.save(str(arguments.out / "tokenizer.json"))
    given = f"python demo/train.py --kind {arguments.kind} --out demo/{arguments.out.name}"
    for name in ("layers", "width", "heads", "vocabulary", "epochs", "batch_tokens", "learning_rate", "seed"):
        if getattr(arguments, name) != parser.get_default(name) and parser.get_default(name) is not None:
            given += f" --{name.replace('_', '-')} {getattr(arguments, name)}"
    run.update(command=given, out=f"demo/{arguments.out.name}", sentences=len(texts), threads=arguments.threads,
               machine=f"{platform.system()} {platform.machine()} CPU", python=platform.python_version(),
               libraries=", ".join(f"{m.__name__} {m.__version__}" for m in (torch, transformers, tokenizers)))
    table = evaluate(arguments.kind, arguments.out)
    print(print_table(table))
    write_card(arguments.kind, arguments.out, arguments, parameters, run, table)


if __name__ == "__main__":
    main()
