"""The chain collect -> clean -> dedup over a small corpus that holds something of everything the stages look for.

    PYTHONPATH=. python -m tests.corpus.chain CORPUS OUT EngineParams-as-JSON SHARD_BYTES

Each record has a long title, so that a few of them fill a task of one megabyte; between the stages the documents are
written again in shards of SHARD_BYTES, so that a small corpus has many tasks.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.params import Report
from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.clean.phrases.phrases import PhrasesParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.passages.passages import PassagesParams
from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import BenchmarkParams, SuiteParams
from cpt_pipeline.formats.documents import DocumentWriter, read_documents
from tests.corpus.stages import clean_documents, collect_documents, dedup_documents

ARTIFACTS = {
    "collect": ("raw_documents", "collect_excluded", "benchmark_texts"),
    "clean": ("clean_documents", "clean_excluded"),
    "dedup": ("unique_documents", "heldout_documents", "dedup_excluded", "corpus_index"),
}
CHANNELS = ChannelsParams(roles={"en": "general", "zh": "domain"})
QUESTION = "A train leaves the station at nine and arrives at noon; how many hours did it travel?"
SHARD_BYTES = 20_000
_TITLE_BYTES = 20_000
CLEAN = CleanParams(phrases=PhrasesParams(enabled=True, remove_share=0.9))
DEDUP = DedupParams(
    heldout_documents_per_channel=4,
    passages=PassagesParams(enabled=True),
    semantic=SemanticParams(enabled=True, min_cosine=0.92, num_clusters=3),
)

_EN = tuple(
    words.split()
    for words in (
        "teacher doctor farmer sailor painter lawyer pilot writer nurse baker judge soldier singer miner guide porter",
        "carried found described repaired counted hid bought drew lost studied opened moved sold watched built kept",
        "boat letter garden bridge wheel clock lamp map basket statue window song tower coin mirror table",
        "river market valley harbour library forest station castle island village temple mountain lake mill field inn",
    )
)
_EN_FRAMES = (
    "The {0} {1} a {2} near the {3} in {4}.",
    "In {4}, when rain came to the {3}, one {0} quickly {1} every {2}.",
    "Nobody at this {3} believed that an old {0} had {1} such a {2}.",
    "She asked why the {2} which a {0} {1} was left behind at the {3}.",
    "After {4} years of work, it seems, the {0} {1} only that {2} of the {3}.",
    "People say with a smile: our {3} has its {2}, and some {0} {1} it.",
    "There is a story about a {0} who {1} the {2} and then left for the {3}.",
    "Before winter the {3} was empty, yet the {0} {1} his {2} as always.",
    "Whoever has {1} a {2} will know what the {0} of the {3} meant by this.",
)
_ZH = tuple(
    words.split()
    for words in (
        "老师 医生 农民 水手 画家 律师 飞行员 孩子 作家 护士 面包师 法官 士兵 歌手 矿工 导游",
        "搬走 找到 描述 修好 清点 藏起 买下 画出 丢失 研究 打开 移动 卖掉 看守 建造 保存",
        "小船 信件 花园 桥梁 车轮 时钟 灯笼 地图 篮子 雕像 窗户 歌谱 高塔 硬币 镜子 桌子",
        "河边 市场 山谷 港口 图书馆 森林 车站 城堡 岛屿 村庄 庙宇 高山 湖畔 路口 磨坊 田野",
    )
)
_ZH_FRAMES = (
    "{4}年，{0}在{3}{1}了一个{2}。",
    "没有人相信，住在{3}的那位{0}竟然会{1}这样的{2}。",
    "她问大家，为什么{0}{1}的{2}被留在了{3}。",
    "经过{4}天的工作，{0}终于{1}了属于{3}的{2}。",
    "人们笑着说：我们的{3}有自己的{2}，是某个{0}{1}的。",
    "有一个故事讲的是{0}怎样{1}{2}，然后动身去了{3}。",
    "冬天来临之前，{3}已经空无一人，{0}却照样{1}他的{2}。",
    "凡是{1}过{2}的人，都会明白{3}的{0}这句话是什么意思。",
    "下雨的时候，{3}传来消息，说{0}刚刚{1}了全部的{2}。",
)


def write_corpus(place: Path) -> CollectParams:
    """Write the sources, a benchmark among them, and give what conf would say of them."""
    chance = random.Random(7)
    for name, texts in {"en": list(_texts(_english, chance)), "zh": list(_texts(_chinese, chance))}.items():
        (place / name).mkdir(parents=True)
        for start in range(0, len(texts), 8):
            lines = [
                _line({"text": text, "title": chance.randbytes(_TITLE_BYTES // 2).hex()})
                for text in texts[start : start + 8]
            ]
            lines.insert(
                chance.randrange(len(lines)),
                chance.choice([b"{broken", b"[1, 2]", b"null", b'{"text": ""}', b'{"other": "x"}']),
            )
            (place / name / f"part-{start:03}.jsonl").write_bytes(b"\n".join(lines))
    with gzip.GzipFile(place / "en" / "more.txt.gz", "wb", mtime=0) as stream:
        stream.write(_english(chance).encode())
    with (place / "en" / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([_english(chance)] for _ in range(3)), [""]])
    (place / "zh" / "page.html").write_text(f"<html><body><article><p>{_chinese(chance)}</p></article></body></html>")
    (place / "zh" / "picture.bin").write_bytes(bytes(range(256)))
    item = {"id": "1", "prompt": QUESTION, "choices": ["two", "three"], "answer": 1, "ability": "arithmetic"}
    (place / "quiz.jsonl").write_bytes(_line(item))
    return corpus_params(place)


def corpus_params(place: Path) -> CollectParams:
    sources = [
        {
            "kind": "files",
            "name": name,
            "channel": name,
            "path": place / name,
            "license": "CC0-1.0",
            "columns": {"title": "title"},
        }
        for name in CHANNELS.roles
    ]
    return CollectParams.model_validate({"sources": sources, "max_bad_share": 0.5})


def run_chain(corpus: Path, out: Path, run: EngineParams, shard_bytes: int = SHARD_BYTES) -> dict[str, Report]:
    """Collect, clean and dedup into folders below `out`; give the reports."""
    places = {stage: out / stage / "out" for stage in ARTIFACTS}
    suite = SuiteParams(benchmarks=(BenchmarkParams(name="quiz", path=corpus / "quiz.jsonl"),))
    reports: dict[str, Report] = {}
    reports["collect"] = collect_documents(places["collect"], corpus_params(corpus), CHANNELS, suite, run=run)
    raw = reshard(places["collect"] / "raw_documents", out / "raw", shard_bytes)
    reports["clean"] = clean_documents(raw, places["clean"], CLEAN, run)
    cleaned = reshard(places["clean"] / "clean_documents", out / "cleaned", shard_bytes)
    items = places["collect"] / "benchmark_texts"
    reports["dedup"] = dedup_documents(cleaned, items, places["dedup"], DEDUP, run)
    return reports


def reshard(directory: Path, target: Path, shard_bytes: int) -> Path:
    """Write the same documents in shards of another size."""
    with DocumentWriter(target, shard_bytes=shard_bytes) as writer:
        for row in read_documents(directory):
            writer.write(row)
    return target


def manifests(out: Path) -> dict[str, str]:
    """Give the manifest of every artifact of every stage."""
    return {
        f"{stage}/{name}": (out / stage / "out" / name / MANIFEST).read_text(encoding="utf-8")
        for stage, names in ARTIFACTS.items()
        for name in names
    }


def _texts(make: Any, chance: random.Random) -> Iterator[str]:
    originals = [make(chance) for _ in range(48)]
    shared = make(chance)
    yield from originals
    yield from originals[:4]
    yield from (text.replace("e", "E", 3).replace("了", "过", 1) for text in originals[4:8])
    yield from (f"{make(chance)}\n{shared}\n{make(chance)}" for _ in range(4))
    yield from (f"{make(chance)}\n{QUESTION}\n{make(chance)}" for _ in range(2))
    for number in range(8):
        mobile, card = f"138{chance.randrange(10**8):08}", "6222 0210 0111 6245 702"
        yield f"{make(chance)}\nanna.{number}@post-example.org, {mobile}, {card}\n{make(chance)}"
    yield from (f"{make(chance)}\n\n{'=' * 40}\nShare on Facebook\n{make(chance)}" for _ in range(2))
    yield from ("too short", "!?" * 200, "\ufffd\x00 \u200b" * 30)


def _english(chance: random.Random) -> str:
    return " ".join(frame.format(*_filling(chance, _EN)) for frame in chance.sample(_EN_FRAMES, 8))


def _chinese(chance: random.Random) -> str:
    return "".join(frame.format(*_filling(chance, _ZH)) for frame in chance.sample(_ZH_FRAMES, 8))


def _filling(chance: random.Random, words: tuple[list[str], ...]) -> list[str]:
    return [chance.choice(some) for some in words] + [str(chance.randrange(1500, 2000))]


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def main() -> None:
    corpus, out, run, shard_bytes = sys.argv[1:]
    run_chain(Path(corpus), Path(out), EngineParams.model_validate_json(run), int(shard_bytes))


if __name__ == "__main__":
    main()
