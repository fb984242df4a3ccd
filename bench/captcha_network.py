"""What a small network reads of the captchas: bench/captcha says how to start it.

usage: captcha_network.py SET ANSWERS TEST_SET TEST_ANSWERS SECONDS columns|places

Sets are of captcha_pictures. Trains on one thread for so many seconds of its processor time, then
prints which share of the test set it reads whole, and of their characters. `columns` reads from
left to right, as letters in a row want it; `places` looks at the whole picture for each character
of the answer."""

import sys
import time

import numpy
import torch
from torch import nn

WIDTH, HEIGHT = 260, 130  # pixels
MOST = 6  # characters of an answer
BATCH = 32


def load(pictures, answers):
    words = open(answers).read().split()
    pixels = numpy.fromfile(pictures, dtype=numpy.uint8).reshape(len(words), HEIGHT, WIDTH, 3)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), words


def as_numbers(pictures):
    return pictures.float() / 255 - 0.5


def block(before, after, pool=None, stride=1, size=3):
    layers = [nn.Conv2d(before, after, size, stride, size // 2, bias=False),
              nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.MaxPool2d(pool)] if pool else []))


class Columns(nn.Module):
    """Columns of the picture to characters, a blank between them (connectionist temporal
    classification): no letter need be where another picture has one."""

    fastest = 4e-3  # learning rate

    def __init__(self, alphabet):
        super().__init__()
        self.alphabet = alphabet
        self.eyes = nn.Sequential(
            block(3, 16, stride=2, size=5), block(16, 32, pool=2), block(32, 64, pool=(2, 1)),
            block(64, 64, pool=(2, 1)))
        self.columns = nn.Sequential(
            nn.Conv1d(64 * 8, 96, 3, padding=1), nn.BatchNorm1d(96), nn.ReLU(),
            nn.Conv1d(96, 96, 3, padding=1), nn.BatchNorm1d(96), nn.ReLU(),
            nn.Conv1d(96, len(alphabet) + 1, 1))

    def forward(self, pictures):
        seen = self.eyes(as_numbers(pictures))
        return self.columns(seen.flatten(1, 2)).permute(2, 0, 1).log_softmax(2)

    def loss(self, scores, words):
        codes = [torch.tensor([1 + self.alphabet.index(c) for c in word]) for word in words]
        return nn.functional.ctc_loss(
            scores, torch.cat(codes), torch.full((len(words),), scores.shape[0]),
            torch.tensor([len(code) for code in codes]), zero_infinity=True)

    def words(self, scores):
        for column in scores.argmax(2).T.tolist():
            word = [one for i, one in enumerate(column) if one and (i == 0 or one != column[i - 1])]
            yield "".join(self.alphabet[one - 1] for one in word)


class Places(nn.Module):
    """A map of the picture, whose places look at each other (attention), and one look at all of
    them for each character of the answer, of which the last ones may be none."""

    fastest = 1.5e-3
    width = 96

    def __init__(self, alphabet):
        super().__init__()
        self.alphabet = alphabet
        width = self.width
        self.eyes = nn.Sequential(
            block(3, 16, stride=2, size=5), block(16, 32, stride=2), block(32, 64),
            block(64, 64, stride=2), block(64, width, stride=2))
        rows, columns = (-(-size // 16) for size in (HEIGHT, WIDTH))
        self.where = nn.Parameter(0.1 * torch.randn(1, rows * columns, width))
        sizes = dict(d_model=width, nhead=4, dim_feedforward=2 * width, dropout=0.0,
                     batch_first=True, norm_first=True)
        self.map = nn.TransformerEncoder(nn.TransformerEncoderLayer(**sizes), 2)
        self.looks = nn.Parameter(torch.randn(1, MOST, width))
        self.characters = nn.TransformerDecoder(nn.TransformerDecoderLayer(**sizes), 2)
        self.which = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(alphabet) + 1))

    def forward(self, pictures):
        seen = self.eyes(as_numbers(pictures)).flatten(2).transpose(1, 2) + self.where
        looks = self.looks.expand(len(pictures), -1, -1)
        return self.which(self.characters(looks, self.map(seen)))

    def loss(self, scores, words):
        codes = torch.zeros(len(words), MOST, dtype=torch.long)
        for code, word in zip(codes, words):
            for place, character in enumerate(word):
                code[place] = 1 + self.alphabet.index(character)
        return nn.functional.cross_entropy(scores.flatten(0, 1), codes.flatten())

    def words(self, scores):
        for word in scores.argmax(2).tolist():
            yield "".join(self.alphabet[one - 1] for one in word if one)


def read(reader, pictures):
    words = []
    reader.eval()
    with torch.no_grad():
        for some in pictures.split(100):
            words.extend(reader.words(reader(some)))
    return words


def edits(one, other):
    """The fewest characters to add, drop or change (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, above = [i], row
        for j, b in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


def train(reader, pictures, words, seconds):
    optimizer = torch.optim.AdamW(reader.parameters(), lr=reader.fastest, weight_decay=1e-3)
    begin, seen, printed = time.process_time(), 0, 0
    while True:
        for some in torch.randperm(len(words)).split(BATCH):
            spent = (time.process_time() - begin) / seconds
            if spent >= 1:
                return seen
            for group in optimizer.param_groups:  # up for a tenth of the time, then down
                group["lr"] = reader.fastest * max(min(spent * 10, (1 - spent) / 0.9), 1e-3)
            reader.train()
            loss = reader.loss(reader(pictures[some]), [words[i] for i in some])
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
    reader = {"columns": Columns, "places": Places}[sys.argv[6]](alphabet)
    seen = train(reader, pictures, words, float(sys.argv[5]))
    answers = read(reader, test_pictures)
    whole = sum(a == w for a, w in zip(answers, test_words))
    wrong = sum(edits(a, w) for a, w in zip(answers, test_words))
    letters = sum(map(len, test_words))
    print(f"{len(words)} pictures for training, {seen / len(words):.1f} times each, "
          f"alphabet {alphabet}")
    print(f"{sys.argv[6]}: reads {100 * whole / len(test_words):.1f} % of {len(test_words)} others "
          f"whole, {100 * (1 - wrong / letters):.1f} % of their characters")


if __name__ == "__main__":
    main()
