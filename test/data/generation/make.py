"""Writes processors.json: scores before and after the logits processors of transformers (5.18), in double precision.

    python make.py
"""
import json
import random
from pathlib import Path

import torch
from transformers.generation import logits_process as lp

random.seed(5)
torch.manual_seed(5)


def case(vocab, options, processors):
    """Scores of one row of tokens, and what a chain of processors makes of them."""
    tokens = [random.randrange(vocab) for _ in range(random.randrange(4, 9))]
    source = [random.randrange(vocab) for _ in range(random.randrange(3, 8))]
    # Sixty-fourths, which single precision holds exactly, and no two the same: no order of equals is promised.
    scores = [score / 64 for score in random.sample(range(-320, 320), vocab)]
    after = torch.tensor([scores], dtype=torch.float64)
    rows = torch.tensor([tokens])
    for process in processors(tokens, torch.tensor([source])):
        after = process(rows, after)
    return {
        "options": options,
        "tokens": tokens,
        "source": source,
        "scores": scores,
        "expected": [None if value == float("-inf") else value for value in after[0].tolist()],
    }


def cases():
    for _ in range(6):
        vocab = random.randrange(5, 12)
        # The prompt is the first token of the row.
        start, factor = random.randrange(0, 4), random.choice([0.7, 1.3, 2.5])
        yield case(
            vocab,
            {"exponentialDecayLengthPenalty": [start, factor], "eosTokenId": [1, 3]},
            lambda t, s: [lp.ExponentialDecayLengthPenalty((start, factor), [1, 3], 1)],
        )
        penalty = random.choice([0.5, 1.7, 3.0])
        yield case(
            vocab,
            {"encoderRepetitionPenalty": penalty},
            lambda t, s: [lp.EncoderRepetitionPenaltyLogitsProcessor(penalty, s)],
        )
        size = random.randrange(1, 3)
        yield case(
            vocab,
            {"encoderNoRepeatNgramSize": size},
            lambda t, s: [lp.EncoderNoRepeatNGramLogitsProcessor(size, s)],
        )
        bias = [[[2], -1.5], [[0], 4.0]]

        def biased(tokens, source):
            bias.append([[tokens[-1], 4], 2.25])
            bias.append([[*tokens[-2:], 0], -0.5])
            bias.append([[(tokens[-1] + 1) % vocab, 3], 9.0])
            return [lp.SequenceBiasLogitsProcessor(bias)]

        yield case(vocab, {"sequenceBias": bias}, biased)
    for _ in range(8):
        vocab = random.randrange(8, 150)
        for name, kind, values in [
            ("typicalP", lp.TypicalLogitsWarper, [0.2, 0.5, 0.9]),
            ("epsilonCutoff", lp.EpsilonLogitsWarper, [0.001, 0.02, 0.3]),
            ("etaCutoff", lp.EtaLogitsWarper, [0.001, 0.02, 0.3]),
            ("topH", lp.TopHLogitsWarper, [0.2, 0.5, 0.9]),
            ("minP", lp.MinPLogitsWarper, [0.02, 0.3]),
        ]:
            value = random.choice(values)
            yield case(vocab, {"doSample": True, "topK": 0, name: value}, lambda t, s: [kind(value)])
    for _ in range(4):
        yield case(
            40,
            {"doSample": True, "temperature": 1.5, "topH": 0.9, "topK": 12, "typicalP": 0.8, "etaCutoff": 0.05},
            lambda t, s: [
                lp.TemperatureLogitsWarper(1.5),
                lp.TopHLogitsWarper(0.9),
                lp.TopKLogitsWarper(12),
                lp.TypicalLogitsWarper(0.8),
                lp.EtaLogitsWarper(0.05),
            ],
        )


rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in cases())
Path(__file__).with_name("processors.json").write_text(f"[\n{rows}\n]\n")
