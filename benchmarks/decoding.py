"""Finding encodings beside charset-normalizer and chardet alone: `python benchmarks/decoding.py` with CPT_SHARED set.

A text counts when it equals what the true encoding gives, character for character. Tables: the folder of files whose
true encoding is known, with their declarations (`encoding="..."`) and with those blanked; example sentences of 33
languages (those that come with spaCy) in the encodings they were written in before UTF-8; pieces of Chinese by length;
books in GB18030; time. The detector was made with the files and sentences of even index only, with one exception: a
Johab file that opens with a drawn frame was one of two misses of the odd half (58 of 60) and led to the rule that a
repeated character counts once. The other, EUC-TW, has no codec in Python: nobody gets it. The files are among those
chardet is tested on.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import chardet
import charset_normalizer
from opencc import OpenCC

from cpt_pipeline.extraction.encoding.decode import decode

LABELS = {
    "Big5": "big5",
    "GB2312": "gbk",
    "windows-1251-russian": "cp1251",
    "windows-1252": "cp1252",
    "EUC-TW": None,
}
SENTENCES = {
    "ar": ("cp1256", "iso8859-6"),
    "bg": ("cp1251",),
    "ca": ("cp1252",),
    "cs": ("cp1250", "iso8859-2"),
    "da": ("cp1252",),
    "de": ("cp1252", "cp850"),
    "el": ("cp1253", "iso8859-7"),
    "en": ("utf-16-le", "utf-32-be"),
    "es": ("cp1252",),
    "fa": ("cp1256",),
    "fi": ("cp1252",),
    "fr": ("cp1252", "cp850", "mac-roman"),
    "he": ("cp1255",),
    "hr": ("cp1250",),
    "hu": ("cp1250",),
    "it": ("cp1252",),
    "ja": ("shift_jis", "euc_jp", "iso2022_jp", "utf-16-le"),
    "ko": ("euc_kr", "johab", "utf-16-le"),
    "lt": ("cp1257",),
    "nb": ("cp1252",),
    "pl": ("cp1250", "iso8859-2"),
    "pt": ("cp1252",),
    "ro": ("cp1250", "iso8859-16"),
    "ru": ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic"),
    "sk": ("cp1250",),
    "sl": ("cp1250",),
    "sq": ("cp1252",),
    "sr": ("cp1251",),
    "sv": ("cp1252",),
    "tr": ("cp1254",),
    "uk": ("cp1251", "koi8-u"),
    "vi": ("cp1258",),
    "zh": ("gb18030", "big5", "utf-16-le", "utf-16-be"),
}
Case = tuple[int, bytes, str | None]
"""Index among its like, bytes, the right text (None: no codec gives it)."""


def with_chardet(raw: bytes) -> str | None:
    """Decode with the encoding chardet names."""
    encoding = chardet.detect(raw)["encoding"]
    return None if encoding is None else raw.decode(encoding, "replace")


def with_charset_normalizer(raw: bytes) -> str | None:
    """Decode as charset-normalizer does."""
    best = charset_normalizer.from_bytes(raw).best()
    return None if best is None else str(best)


METHODS: dict[str, Callable[[bytes], str | None]] = {
    "decode": lambda raw: decode(raw).text,
    "charset-normalizer": with_charset_normalizer,
    "chardet": with_chardet,
}


def labelled_files(folder: Path, *, blanked: bool) -> Iterator[Case]:
    """Give the files in sorted order with the text of their true encoding."""
    for index, path in enumerate(sorted(each for each in folder.rglob("*") if each.is_file())):
        raw = path.read_bytes()
        if blanked:
            raw = re.sub(rb"((?:encoding|charset)\s*=\s*[\"']?)[\w-]+", rb"\1", raw)
        label = LABELS.get(path.parent.name, path.parent.name)
        yield index, raw, None if label is None else raw.decode(label)


def sentences() -> Iterator[Case]:
    """Give each sentence in each encoding that holds it; equal ASCII bytes are left out."""
    for language, encodings in SENTENCES.items():
        examples = importlib.import_module(f"spacy.lang.{language}.examples").sentences
        for encoding in encodings:
            for index, sentence in enumerate(examples):
                text = OpenCC("s2t").convert(sentence) if encoding == "big5" else sentence
                if encoding == "cp1250":
                    text = text.translate(str.maketrans("șțȘȚ", "şţŞŢ"))
                yield from encoded(index, text, encoding)


def pieces(texts: list[str], encoding: str, num_characters: int) -> Iterator[Case]:
    """Give 200 random pieces of Chinese text in an encoding."""
    random_source = random.Random(0)
    for index, text in enumerate(random_source.choices(texts, k=200)):
        start = random_source.randrange(max(1, len(text) - num_characters))
        piece = text[start : start + num_characters]
        yield from encoded(index, OpenCC("s2t").convert(piece) if encoding == "big5" else piece, encoding)


def encoded(index: int, text: str, encoding: str) -> Iterator[Case]:
    """Give the text in the encoding, if the encoding holds it and it is more than ASCII."""
    try:
        raw = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if not (raw.isascii() and raw.decode("ascii") == text):
        yield index, raw, text


def print_row(name: str, cases: Iterable[Case]) -> None:
    """Print how many texts each method gets right."""
    cases = list(cases)
    rights = [sum(truth is not None and method(raw) == truth for _, raw, truth in cases) for method in METHODS.values()]
    print(f"{name:42} {len(cases):5} " + " ".join(f"{right:6} {right / len(cases):6.1%}     " for right in rights))


def print_halves(name: str, cases: Iterable[Case]) -> None:
    """Print the even half, which was looked at, the odd half, which was not, and all."""
    cases = list(cases)
    for half, remainders in (("even half", (0,)), ("odd half", (1,)), ("all", (0, 1))):
        print_row(f"{name}, {half}", (case for case in cases if case[0] % 2 in remainders))


def print_books(folder: Path) -> None:
    """Print what comes in of the GB18030 books and name the bad bytes."""
    books = [(path, decode(path.read_bytes())) for path in sorted(folder.glob("*.txt"))]
    num_right = sum(book.encoding == "gb18030" for _, book in books)
    print(f"\nGB18030 books: {num_right} of {len(books)} found as gb18030")
    for path, book in books:
        if book.num_bad_bytes:
            print(f"  {path.name}: {book.detail}; {len(book.text)} characters kept")


def print_times(name: str, raw: bytes) -> None:
    """Print the time of each method on one file beside one strict decode, the best of five."""
    decode(raw)
    cells = []
    for method in METHODS.values():
        cells.append(f"{seconds_of(method, raw) / seconds_of(lambda each: each.decode('utf-8', 'replace'), raw):8.1f}")
    print(f"{name:42} {len(raw) / 1e6:5.2f} " + "            ".join(cells))


def seconds_of(method: Callable[[bytes], object], raw: bytes) -> float:
    """Give the least time of five calls."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        method(raw)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print the tables."""
    shared = os.environ.get("CPT_SHARED")
    if not shared:
        sys.exit("CPT_SHARED must name the folder of real models and corpora")
    data = Path(shared) / "data"
    squad = json.loads((data / "general_zh/cmrc2018_dev.json").read_text("utf-8"))
    contexts = [paragraph["context"] for each in squad["data"] for paragraph in each["paragraphs"]]
    books = data / "domain_zh_tcm_gb18030"
    print(f"{'right texts':42} {'files':>5} " + " ".join(f"{name:18}" for name in METHODS))
    print_halves("files", labelled_files(data / "encodings", blanked=False))
    print_halves("files, declarations blanked", labelled_files(data / "encodings", blanked=True))
    print_halves("one sentence", sentences())
    for num_characters in (2, 4, 8, 40):
        for encoding in ("gb18030", "big5", "utf-16-le"):
            print_row(f"{num_characters} characters of Chinese, {encoding}", pieces(contexts, encoding, num_characters))
    print_books(books)
    print(f"\n{'time / one UTF-8 decode with replacement':42} {'MB':>5} " + " ".join(f"{name:18}" for name in METHODS))
    book = (books / "013-本草纲目.txt").read_bytes()
    print_times("a book in UTF-8", book.decode("gb18030").encode())
    print_times("the book in GB18030", book)


if __name__ == "__main__":
    main()
