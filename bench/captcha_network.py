"""What a small convolutional network reads of the captchas: bench/captcha says how to start it.

usage: captcha_network.py SET ANSWERS TEST_SET TEST_ANSWERS SECONDS

Sets are of captcha_pictures. Trains on one thread for so many seconds of its processor time, then
prints which share of the test set it reads whole, and of their characters."""

import sys
import time

import numpy
import torch
from torch import nn

WIDTH, HEIGHT = 200, 70  # pixels
BATCH = 32
FASTEST = 4e-3  # learning rate


def load(pictures, answers):
    words = open(answers).read().split()
    pixels = numpy.fromfile(pictures, dtype=numpy.uint8).reshape(len(words), 1, HEIGHT, WIDTH)
    return torch.from_numpy(pixels), words


def block(before, after, pool=None, stride=1, size=3):
    layers = [nn.Conv2d(before, after, size, stride, size // 2, bias=False),
              nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.MaxPool2d(pool)] if pool else []))


class Reader(nn.Module):
    """Columns of the picture to characters, a blank between them (connectionist temporal
    classification): no letter need be where another picture has one."""

    def __init__(self, characters):
        super().__init__()
        self.eyes = nn.Sequential(
            block(1, 16, stride=2, size=5), block(16, 32, pool=2), block(32, 64, pool=(2, 1)),
            block(64, 64, pool=(2, 1)))
        self.columns = nn.Sequential(
            nn.Conv1d(64 * 4, 96, 3, padding=1), nn.BatchNorm1d(96), nn.ReLU(),
            nn.Conv1d(96, 96, 3, padding=1), nn.BatchNorm1d(96), nn.ReLU(),
            nn.Conv1d(96, characters + 1, 1))

    def forward(self, pictures):
        seen = self.eyes(pictures.float() / 255 - 0.5)
        return self.columns(seen.flatten(1, 2)).permute(2, 0, 1).log_softmax(2)


def read(reader, pictures, alphabet):
    words = []
    reader.eval()
    with torch.no_grad():
        for some in pictures.split(100):
            for column in reader(some).argmax(2).T.tolist():
                word = [one for i, one in enumerate(column) if one and (i == 0 or one != column[i - 1])]
                words.append("".join(alphabet[one - 1] for one in word))
    return words


def edits(one, other):
    """The fewest characters to add, drop or change (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, above = [i], row
        for j, b in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


def train(reader, pictures, words, alphabet, seconds):
    codes = [torch.tensor([1 + alphabet.index(c) for c in word]) for word in words]
    optimizer = torch.optim.AdamW(reader.parameters(), lr=FASTEST, weight_decay=1e-3)
    begin, seen, printed = time.process_time(), 0, 0
    while True:
        for some in torch.randperm(len(words)).split(BATCH):
            spent = (time.process_time() - begin) / seconds
            if spent >= 1:
                return seen
            for group in optimizer.param_groups:  # up for a tenth of the time, then down
                group["lr"] = FASTEST * max(min(spent * 10, (1 - spent) / 0.9), 1e-3)
            reader.train()
            scores = reader(pictures[some])
            wanted = [codes[i] for i in some]
            loss = nn.functional.ctc_loss(
                scores, torch.cat(wanted), torch.full((len(some),), scores.shape[0]),
                torch.tensor([len(code) for code in wanted]), zero_infinity=True)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 5)
            optimizer.step()
            seen += len(some)
            if seen - printed >= 2000:
                printed = seen
                print(f"{100 * spent:3.0f} %: {seen} pictures, loss {loss.item():.3f}", flush=True)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    pictures, words = load(*sys.argv[1:3])
    test_pictures, test_words = load(*sys.argv[3:5])
    alphabet = "".join(sorted(set("".join(words))))
    reader = Reader(len(alphabet))
    seen = train(reader, pictures, words, alphabet, float(sys.argv[5]))
    answers = read(reader, test_pictures, alphabet)
    whole = sum(a == w for a, w in zip(answers, test_words))
    wrong = sum(edits(a, w) for a, w in zip(answers, test_words))
    letters = sum(map(len, test_words))
    print(f"{len(words)} pictures for training, {seen / len(words):.1f} times each, alphabet {alphabet}")
    print(f"reads {100 * whole / len(test_words):.1f} % of {len(test_words)} others whole, "
          f"{100 * (1 - wrong / letters):.1f} % of their characters")


if __name__ == "__main__":
    main()
