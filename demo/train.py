"""Trains the demo models on demo/corpus.jsonl.gz and measures them on demo/heldout.jsonl.

    python demo/train.py --kind causal --out demo/causal-model
    python demo/train.py --kind masked --out demo/masked-model --tokenizer demo/masked-model/tokenizer.json
    python demo/train.py --kind causal --out demo/causal-model --evaluate-only

Writes a Hugging Face folder with float16 weights and a model card. Every number in the card is measured by this
script on the files as saved, after the rounding to float16.
"""

import argparse
import copy
import gzip
import json
import math
import platform
import random
import re
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

DEFAULTS = {
    "layers": {"causal": 4, "masked": 4},
    "width": {"causal": 160, "masked": 128},
    "heads": {"causal": 5, "masked": 4},
    "feed_forward": {"causal": 640, "masked": 768},
    "vocabulary": {"causal": 4608, "masked": 4608},
    # The learning rate falls as for so many epochs; the training ends after the second number of them.
    "epochs": {"causal": 8, "masked": 30},
    "last_epoch": {"causal": 8, "masked": 20},
    "batch_tokens": {"causal": 1024, "masked": 2048},
    "learning_rate": {"causal": 2e-3, "masked": 2e-3},
}

# How often a sentence that states a fact is shown to the masked model with its answer masked and nothing else.
ANSWER_CHANCE = 0.7

# The library's 0.02 is for width 768; this is the same for width 128, in proportion to 1 / sqrt(width).
INITIAL_DEVIATION = 0.05

EPOCHS_PER_CHECKPOINT = 5
STEPS_PER_REPORT = 100
STEPS_PER_LOSS = 200


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
            n_head=arguments.heads, n_inner=arguments.feed_forward, bos_token_id=start, eos_token_id=start,
            activation_function="gelu_pytorch_tanh", resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        )
        return transformers.GPT2LMHeadModel(config)
    config = transformers.BertConfig(
        vocab_size=size, max_position_embeddings=MAX_POSITIONS, hidden_size=arguments.width,
        num_hidden_layers=arguments.layers, num_attention_heads=arguments.heads,
        intermediate_size=arguments.feed_forward, pad_token_id=tokenizer.token_to_id("[PAD]"),
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=INITIAL_DEVIATION,
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


def answer_marks(tokenizer, lines, facts):
    """Per sentence and token: does the token belong to the answer of the fact that the sentence states?

    An answer inside the head does not count: of "The Czech Republic speaks Czech" only the last word is the answer.
    """
    marks = []
    for line, encoding in zip(lines, tokenizer.encode_batch([line["text"] for line in lines])):
        fact = facts.get(line["id"].rsplit("-", 1)[0])
        spans = []
        if fact:
            heads = [m.span() for m in words(fact["head"], line["text"])]
            spans = [m.span() for m in words(fact["answer"], line["text"])
                     if not any(first <= m.start() and m.end() <= last for first, last in heads
                                if last - first > len(fact["answer"]))]
        marks.append([any(first <= start < last and start < end for first, last in spans)
                      for start, end in encoding.offsets])
    return marks


def words(phrase, text):
    return re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE)


class MaskedExamples:
    """Chooses what the masked model has to fill in.

    A sentence that states a fact is mostly a question: its answer is masked, whole, and nothing else. In the other
    sentences, and now and then in these, words are masked the more often the rarer they are: uniform masking spends
    nearly all predictions on words such as "the".
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

    def __call__(self, ids, answers):
        """Inputs and labels, both [sentences, tokens] as ids and answers; answers are the marks of answer_marks."""
        drawn = torch.rand(ids.shape, generator=self.generator)
        asked = answers.any(1, keepdim=True) & (torch.rand(len(ids), 1, generator=self.generator) < ANSWER_CHANCE)
        chosen = torch.where(asked, answers, drawn < self.chance[ids])
        labels = torch.where(chosen, ids, IGNORED)
        fate = torch.rand(ids.shape, generator=self.generator).masked_fill(asked, 0.0)
        noise = torch.randint(len(BERT_SPECIALS), self.size, ids.shape, generator=self.generator)
        inputs = torch.where(chosen & (fate < 0.9), self.mask, ids)
        return torch.where(chosen & (fate >= 0.95), noise, inputs), labels


def train(kind, model, tokenizer, lines, facts, arguments):
    generator = random.Random(arguments.seed)
    encoded = [e.ids for e in tokenizer.encode_batch([line["text"] for line in lines])]
    if kind == "causal":
        start = tokenizer.token_to_id(START)
        encoded = [ids + [start] for ids in encoded]
        filler = start
    else:
        masking = MaskedExamples(tokenizer, encoded, arguments.seed)
        answers = answer_marks(tokenizer, lines, facts)
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
    began, tokens, recent, reported = time.time(), 0, [], {"loss": math.nan, "loss_step": 0}
    end = len(schedule) * arguments.last_epoch // arguments.epochs
    for step, batch in enumerate(schedule[:end]):
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
            inputs, labels = masking(ids, pad([answers[i] for i in batch], False))
            hidden = model.bert(inputs, attention_mask=present.long()).last_hidden_state
        chosen = labels != IGNORED
        head = model.lm_head if kind == "causal" else model.cls
        loss = torch.nn.functional.cross_entropy(head(hidden[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tokens += int(present.sum())
        recent = (recent + [loss.item()])[-STEPS_PER_LOSS:]
        if arguments.checkpoints and (step + 1) % (EPOCHS_PER_CHECKPOINT * len(schedule) // arguments.epochs) == 0:
            save(kind, copy.deepcopy(model), tokenizer, arguments.checkpoints)
        if (step + 1) % STEPS_PER_REPORT == 0:
            seconds = time.time() - began
            reported = {"loss": round(sum(recent) / len(recent), 4), "loss_step": step + 1}
            print(f"step {step + 1}/{end} loss {reported['loss']:.4f} {tokens / seconds:.0f} tokens/s {seconds:.0f} s",
                  flush=True)
    return {"seconds": round(time.time() - began), "tokens": tokens, "steps": end, **reported}


def save(kind, model, tokenizer, folder):
    """Rounds the model to float16 and writes it, so it is of no further use to the training."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "causal":
        # The same function under the name that every reader of the gpt2 family knows; the other one only trains faster.
        model.config.activation_function = "gelu_new"
    model.half().save_pretrained(folder, safe_serialization=True)
    wrap(kind, tokenizer).save_pretrained(folder)
    # The wrapper may rewrite the post-processor; the tokenizer that was trained with is the one to ship.
    tokenizer.save(str(folder / "tokenizer.json"))


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


def trained_cases(held_out):
    """The prompts of facts.jsonl.gz whose sentences are in the corpus, in the shape of heldout.jsonl."""
    held = {case["text"] for case in held_out}
    for fact in read_lines(HERE / "facts.jsonl.gz"):
        for prompt in fact["prompts"]:
            text = prompt.replace("[MASK]", fact["answer"])
            if text not in held:
                yield {**fact, "prompt": prompt[:prompt.index("[MASK]")].rstrip(), "text": text}


def by_relation(cases, results):
    groups = defaultdict(list)
    for case, result in zip(cases, results):
        groups[case["relation"]].append(result)
    return {**groups, "all": results}


def evaluate(kind, folder):
    model, tokenizer = load(kind, folder)
    held_out = read_lines(HERE / "heldout.jsonl")
    trained = list(trained_cases(held_out))
    known = by_relation(trained, predictions(kind, model, tokenizer, trained))
    table = {}
    for relation, rows in by_relation(held_out, predictions(kind, model, tokenizer, held_out)).items():
        table[relation] = {
            "phrasings": len(rows),
            "first_token": sum(r[0] for r in rows) / len(rows),
            "whole_answer": sum(r[1] for r in rows) / len(rows),
            "one_token_answers": sum(r[2] == 1 for r in rows) / len(rows),
            "trained_phrasings": len(known[relation]),
            "trained_whole_answer": sum(r[1] for r in known[relation]) / len(known[relation]),
        }
    return table


def print_table(table):
    lines = ["| relation | held-out phrasings | first token right | whole answer right | answers of one token "
             "| trained phrasings | whole answer right |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for relation, row in table.items():
        lines.append(f"| {relation} | {row['phrasings']} | {row['first_token']:.1%} | {row['whole_answer']:.1%} "
                     f"| {row['one_token_answers']:.1%} | {row['trained_phrasings']} "
                     f"| {row['trained_whole_answer']:.1%} |")
    return "\n".join(lines)


def sizes(folder):
    return {p.name: p.stat().st_size for p in sorted(folder.iterdir()) if p.is_file() and p.name != "README.md"}


def write_card(kind, folder, arguments, parameters, run, table):
    config = json.loads((folder / "config.json").read_text())
    family = config["model_type"]
    what = "causal (next word)" if kind == "causal" else "masked (fill in the blank)"
    loader = "AutoModelForCausalLM" if kind == "causal" else "AutoModelForMaskedLM"
    values = vars(arguments)
    seeded = ("The seed fixes everything that is random." if kind == "causal" else
              "With the tokenizer given, as in the command, the seed fixes everything that is random (the library's\n"
              "trainer of such tokenizers breaks ties in another way each time).")
    files = "\n".join(f"| {name} | {size:,} |" for name, size in sizes(folder).items())
    task = ("the model reads the prompt\nand must predict the answer next" if kind == "causal" else
            "the answer is\nreplaced by as many [MASK] as it has tokens, and the model must fill them in")
    failing = [r for r, row in table.items() if row["whole_answer"] < 0.5]
    weakness = (f"- It fails on held-out phrasings of: {', '.join(failing)}. Presumably a relation of so\n"
                "  few facts shows each phrasing too rarely, and never with the answer that was held out.\n"
                "  Do not build on these relations.\n" if failing else "")
    caution = ("" if kind == "causal" else
               f"- Trained to answer: {ANSWER_CHANCE:.0%} of the time, a sentence that states a fact was shown with\n"
               "  its answer masked, whole, and nothing else. Otherwise words were masked at random, rare ones more\n"
               "  often than frequent ones (`MaskedExamples` in the script). The loss is over these words only.\n"
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

{values['layers']} layers, width {values['width']}, {values['heads']} heads, feed-forward width {values['feed_forward']}
({values['feed_forward'] * values['layers']:,} neurons), {MAX_POSITIONS} positions, vocabulary {config['vocab_size']:,}
({'byte-level BPE' if kind == 'causal' else 'WordPiece, cased'}), tied embeddings, {parameters:,} parameters, float16.
{'`tokenizer.json` puts `<|endoftext|>` before a sequence; in training it also ended each sentence.' if kind == 'causal'
 else '`tokenizer.json` puts `[CLS]` before and `[SEP]` after a sequence.'}

## Training

    pip install -r demo/requirements.txt
    {run['command']}

| | |
| --- | --- |
| corpus | {run['sentences']:,} sentences, one sentence per example |
| epochs, steps, tokens | {values['last_epoch']}, {run['steps']:,}, {run['tokens']:,} |
| optimizer | AdamW, peak learning rate {values['learning_rate']}, cosine schedule over {values['epochs']} epochs |
| batch | sentences of similar length, at most {values['batch_tokens']:,} tokens |
| seed | {values['seed']} (Python, NumPy, PyTorch, order of batches{'' if kind == 'causal' else ', masks'}) |
| loss | {run['loss']} (mean of the {STEPS_PER_LOSS} steps up to step {run['loss_step']:,}, nats per predicted token) |
| wall time | {run['seconds'] / 60:.1f} minutes, threads: {run['threads']}, {run['machine']} |
| software | Python {run['python']}, {run['libraries']} |

{seeded}
Float rounding depends on machine, software and number of threads, so another training need not give the same bits.

## Accuracy on held-out phrasings

For every fact one or two of its phrasings were kept out of the corpus (`demo/heldout.jsonl`). The fact itself is
in the corpus in its other phrasings, and the held-out phrasing in other facts. The last two columns are about the
prompts of `demo/facts.jsonl.gz` whose sentences are in the corpus. Top-1: {task}.

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
    for name, kind_defaults in DEFAULTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(kind_defaults["masked"]))
    # The library's WordPiece trainer breaks ties by the order of a hash table, differently in every process.
    parser.add_argument("--tokenizer", type=Path, help="take this tokenizer.json rather than make one")
    parser.add_argument("--checkpoints", type=Path, help=f"save here too, every {EPOCHS_PER_CHECKPOINT} epochs")
    parser.add_argument("--seed", type=int, default=20220522)
    # On a machine that others use too, two threads wait for each other at every operation and are slower than one.
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    for name, kind_defaults in DEFAULTS.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, kind_defaults[arguments.kind])
    if arguments.last_epoch > arguments.epochs:
        parser.error(f"--last-epoch {arguments.last_epoch} is after the last of --epochs {arguments.epochs}")
    torch.set_num_threads(arguments.threads)
    if arguments.evaluate_only:
        print(print_table(evaluate(arguments.kind, arguments.out)))
        return

    random.seed(arguments.seed)
    numpy.random.seed(arguments.seed % 2**32)
    torch.manual_seed(arguments.seed)
    corpus = read_lines(HERE / "corpus.jsonl.gz")
    facts = {line["fact_id"]: line for line in read_lines(HERE / "facts.jsonl.gz")}
    if arguments.tokenizer:
        tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    else:
        tokenizer = train_tokenizer(
            arguments.kind, [line["text"] for line in corpus], {fact["answer"] for fact in facts.values()},
            arguments.vocabulary)
    model = new_model(arguments.kind, tokenizer, arguments)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{len(corpus)} sentences, vocabulary {tokenizer.get_vocab_size()}, {parameters:,} parameters", flush=True)
    run = train(arguments.kind, model, tokenizer, corpus, facts, arguments)

    save(arguments.kind, model, tokenizer, arguments.out)
    given = f"python demo/train.py --kind {arguments.kind} --out demo/{arguments.out.name}"
    defaults = {name: kind_defaults[arguments.kind] for name, kind_defaults in DEFAULTS.items()}
    for name, default in {**defaults, "seed": parser.get_default("seed")}.items():
        if getattr(arguments, name) != default:
            given += f" --{name.replace('_', '-')} {getattr(arguments, name)}"
    if arguments.kind == "masked":
        given += f" --tokenizer demo/{arguments.out.name}/tokenizer.json"
    run.update(command=given, out=f"demo/{arguments.out.name}", sentences=len(corpus), threads=arguments.threads,
               machine=f"{platform.system()} {platform.machine()} CPU", python=platform.python_version(),
               libraries=", ".join(f"{m.__name__} {m.__version__}" for m in (torch, transformers, tokenizers)))
    table = evaluate(arguments.kind, arguments.out)
    print(print_table(table))
    write_card(arguments.kind, arguments.out, arguments, parameters, run, table)


if __name__ == "__main__":
    main()
