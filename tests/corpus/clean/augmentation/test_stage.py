"""Documents made in stage clean: marked, counted, judged, and the same however the work is divided."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.errors import EndpointError, ParameterError
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport, CleanRunParams
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.llm.params import EndpointRunParams
from cpt_pipeline.formats.benchmarks import write_items
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.chat_server import ChatServer, chat_server, completion
from tests.corpus.stages import clean_documents, dedup_documents
from tests.corpus.texts import make_text, write_artifact

OFF = {family: {"enabled": False} for family in ("gopher_repetition", "gopher_quality", "c4", "fineweb", "chinese")}


def prose(number: int) -> str:
    """Make a paragraph of sentences, with a word that has a synonym."""
    lines = make_text(number).split("\n")
    return " ".join(f"{line.capitalize()} big." for line in lines)


def rows(num_documents: int, **changes: Any) -> list[dict[str, Any]]:
    given = {"channel": "en", "source": "s", "license": "CC-BY-4.0", "category": "essay", "language": "en"}
    row = {**given, **changes}
    return [document(id=f"{row['source']}/{n}", text=prose(n), **row) for n in range(num_documents)]


def clean(
    place: Path, given: list[dict[str, Any]], augmentation: dict[str, Any], run: dict[str, Any] | None = None
) -> CleanReport:
    raw = write_artifact(place / "raw", given, shard_bytes=5_000)
    rules = {**CleanParams().rules.model_dump(), **OFF}
    params = CleanParams.model_validate({"rules": rules, "augmentation": augmentation})
    return clean_documents(raw, place / "out", params, CleanRunParams.model_validate({"workers": 1, **(run or {})}))


def documents(place: Path) -> list[dict[str, Any]]:
    return list(read_documents(place / "out/clean_documents"))


def balanced(place: Path, report: CleanReport) -> bool:
    kept, excluded = documents(place), list(read_documents(place / "out/clean_excluded"))
    synthetic = report.synthetic
    assert (len(kept), len(excluded)) == (report.documents, sum(report.excluded.values()))
    for kind, made in synthetic.made.items():
        assert made == synthetic.documents.get(kind, 0) + sum(synthetic.excluded.get(kind, {}).values())
    return report.records_in + sum(synthetic.made.values()) == len(kept) + len(excluded)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("big, large\n", encoding="utf-8")
    return path


def classic(words: Path, share: float = 0.5) -> dict[str, Any]:
    return {
        "shuffle_sentences": {"enabled": True, "share": share},
        "synonyms": {"enabled": True, "share": share, "files": [words], "replaced_share": 0.5},
    }


@pytest.mark.feature(31)
def test_children_follow_their_parents_and_say_what_they_are(tmp_path: Path, words: Path) -> None:
    given = [*rows(20), *rows(1, category="code", source="c")]
    report = clean(tmp_path, given, classic(words))
    kept = documents(tmp_path)
    assert balanced(tmp_path, report)
    ids = [row["id"] for row in kept]
    parents = [name for name in ids if "#" not in name]
    assert parents == [row["id"] for row in given]
    assert ids == [n for p in parents for n in (p, f"{p}#shuffle_sentences", f"{p}#synonyms") if n in ids]
    made = report.synthetic.made
    assert 4 < made.get("shuffle_sentences", 0) < 16 and 4 < made.get("synonyms", 0) < 16
    assert report.synthetic.documents == report.synthetic.made
    by_id = {row["id"]: row for row in kept}
    for row in kept:
        if "#" not in row["id"]:
            continue
        parent = by_id[row["id"].partition("#")[0]]
        same = ("channel", "source", "license", "category", "language", "url")
        assert {key: row[key] for key in same} == {key: parent[key] for key in same}
        assert row["category"] != "code" and row["quality"] is not None and row["text"] != parent["text"]
        kind = row["id"].partition("#")[2]
        assert json.loads(row["metadata"]) == {"synthetic": kind, "parent": parent["id"]}
        if kind == "shuffle_sentences":
            assert sorted(row["text"].split()) == sorted(parent["text"].split())
        else:
            assert row["text"].count("large") == round(parent["text"].count("big") / 2)
            assert row["text"].replace("large", "big").replace("Large", "Big") == parent["text"]
    write_items(tmp_path / "items", [])
    limits = DedupParams(heldout_documents_per_channel=5)
    dedup_documents(tmp_path / "out/clean_documents", tmp_path / "items", tmp_path / "dedup/out", limits)
    trained, heldout, excluded = (
        [row["id"] for row in read_documents(tmp_path / "dedup/out" / name)]
        for name in ("unique_documents", "heldout_documents", "dedup_excluded")
    )
    assert (len(heldout), sum("#" in name for name in heldout)) == (2, 0)
    without_parent = [name for name in ids if "#" in name and name.partition("#")[0] in heldout]
    assert excluded == [*without_parent, "c/0"], "c/0 says what s/0 says"
    assert trained == [name for name in ids[:-1] if name.partition("#")[0] not in heldout]


def test_what_is_made_does_not_depend_on_tasks_workers_or_other_documents(tmp_path: Path, words: Path) -> None:
    padding = [json.dumps({"padding": make_text(number, 20_000)}) for number in range(24)]
    given = [{**row, "metadata": padding[number]} for number, row in enumerate(rows(24))]
    manifest = "out/clean_documents/" + MANIFEST
    for name, megabytes in (("a", 64), ("b", 1)):
        clean(tmp_path / name, given, classic(words), {"task_megabytes": megabytes})
    expected = (tmp_path / "a" / manifest).read_bytes()
    assert (tmp_path / "b" / manifest).read_bytes() == expected
    (again,) = (tmp_path / "b").glob("tasks/augment-*")
    assert len(list(again.glob("part-*"))) == 2
    shutil.rmtree(again)
    shutil.rmtree(tmp_path / "b/out")
    clean(tmp_path / "b", given, classic(words), {"task_megabytes": 1, "workers": 2})
    assert (tmp_path / "b" / manifest).read_bytes() == expected
    clean(tmp_path / "d", given[:7], classic(words))
    assert documents(tmp_path / "d") == documents(tmp_path / "a")[: len(documents(tmp_path / "d"))]


def test_only_documents_that_were_kept_have_children_and_a_limit_is_kept(tmp_path: Path) -> None:
    given = [*rows(30), *rows(1, source="t")]
    given[3] = {**given[3], "text": "short"}
    selection = {"enabled": True, "share": 1.0, "max_documents": 5}
    report = clean(tmp_path, given, {"shuffle_sentences": selection})
    assert balanced(tmp_path, report)
    assert report.excluded == {"too_short": 1}
    assert report.synthetic.made == {"shuffle_sentences": 5}
    assert not any(row["id"].startswith("s/3#") for row in documents(tmp_path))


def test_a_document_in_which_nothing_changes_has_no_child(tmp_path: Path, words: Path) -> None:
    given = rows(3)
    given[1] = {**given[1], "text": prose(1).replace(" big", "")}
    report = clean(tmp_path, given, {"synonyms": {"enabled": True, "share": 1.0, "files": [words]}})
    assert (report.synthetic.made, report.synthetic.unchanged) == ({"synonyms": 2}, {"synonyms": 1})


def test_made_documents_go_through_the_rules(tmp_path: Path, words: Path) -> None:
    words.write_text("big, " + "x" * 200 + "\n", encoding="utf-8")
    report = clean(
        tmp_path, rows(3), {"synonyms": {"enabled": True, "share": 1.0, "files": [words], "replaced_share": 1.0}}
    )
    assert balanced(tmp_path, report)
    assert report.synthetic.excluded == {"synonyms": {"long_words": 3}}
    assert report.excluded == {"long_words": 3}


def generative(server: ChatServer, place: Path, **kinds: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    on = {kind: {"enabled": True, **params} for kind, params in kinds.items()}
    run = server.run_params(place).model_dump()
    return {**on, "endpoint": {"model": "larger", "max_tokens": 99}}, {"endpoint": run}


def reply(request: dict[str, Any]) -> Any:
    asked = request["messages"][-1]["content"]
    if "FAIL" in asked:
        return 400, {"error": "no"}
    if "CUT" in asked:
        return completion("half a sen", "length")
    source = asked.rpartition("\n")[2]
    if "questions" in asked:
        general = "Question: What is the main idea?\nAnswer: " + source[:200]
        return f"{general}\n\nQuestion: What is a {source.split()[0]}?\nAnswer: {source[:200]}"
    return f"Here is the rewritten passage:\n\nMail anna@fastmail-post.org. {source.upper()}"


@pytest.mark.feature(32)
def test_documents_of_a_grade_are_rewritten_and_asked_about(tmp_path: Path) -> None:
    given = rows(8)
    for number in (2, 5, 6):
        given[number]["metadata"] = json.dumps({"grade": "synthesis" if number < 6 else "rejected"})
    zh = "河流在春天上涨，农民修好了旧的堤坝，老师在学校里讲述这段历史，孩子们认真地听着故事。" * 4
    given.append({**given[2], "id": "s/zh", "text": zh, "language": "zh"})
    with chat_server(reply) as server:
        wanted = {"grades": ["synthesis", "sft_source"]}
        augmentation, run = generative(server, tmp_path, rewrite=wanted, questions=wanted)
        report = clean(tmp_path, given, augmentation, run)
        assert clean(tmp_path / "again", given, augmentation, run) == report, "of the answers that are kept"
        asked = [request["messages"][-1]["content"] for request in server.requests]
    assert balanced(tmp_path, report)
    assert sum("请" in each for each in asked) == 2 and len(asked) == 6
    assert all(request["model"] == "larger" for request in server.requests)
    assert report.synthetic.made == {"questions": 3, "rewrite": 3}
    usage = report.synthetic
    assert (usage.requests, usage.prompt_tokens, usage.completion_tokens, usage.questions) == (6, 42, 18, 4)
    by_id = {row["id"]: row for row in documents(tmp_path)}
    rewritten, questions = by_id["s/2#rewrite"], by_id["s/2#questions"]
    assert rewritten["text"].endswith(prose(2).upper())
    assert rewritten["text"].startswith("Mail ") and "fastmail-post" not in rewritten["text"]
    assert report.counts["personal_data/email"] == 3
    marks = json.loads(rewritten["metadata"])
    assert (marks.pop("grade"), len(marks.pop("prompt"))) == ("synthesis", 16)
    assert marks == {"synthetic": "rewrite", "parent": "s/2", "model": "larger"}
    assert (rewritten["license"], rewritten["category"], questions["category"]) == ("CC-BY-4.0", "essay", "questions")
    assert questions["text"].startswith("Question: What is the main idea?\nAnswer: ")


def test_a_long_document_is_asked_in_parts(tmp_path: Path) -> None:
    given = rows(1)
    given[0]["text"] = "\n\n".join(map(prose, range(4)))
    with chat_server(reply) as server:
        report = clean(tmp_path, given, *generative(server, tmp_path, rewrite={"max_characters": 1_500}))
        assert len(server.requests) == report.synthetic.requests == 2
    made = documents(tmp_path)[1]["text"]
    assert made.count("Mail ") == 2 and prose(3).upper() in made


def test_failed_and_cut_answers_are_excluded_with_a_reason_and_too_many_stop_the_run(tmp_path: Path) -> None:
    given = rows(6)
    given[1]["text"] += " FAIL"
    given[4]["text"] += " CUT"
    with chat_server(reply) as server:
        augmentation, run = generative(server, tmp_path, rewrite={})
        with pytest.raises(
            EndpointError, match=r"1 of 6 requests failed.*max_failed_share = 0.05.*s/1#rewrite/0: HTTP 400"
        ):
            clean(tmp_path / "strict", given, augmentation, run)
        report = clean(tmp_path / "mild", given, {**augmentation, "max_failed_share": 0.5}, run)
        assert len(server.requests) == 7
    assert balanced(tmp_path / "mild", report)
    assert report.synthetic.excluded == {"rewrite": {"cut_answer": 1, "no_answer": 1}}
    assert report.synthetic.failed_requests == 1
    details = {row["id"]: row["detail"] for row in read_documents(tmp_path / "mild/out/clean_excluded")}
    expected = {"s/1#rewrite": 'HTTP 400 {"error": "no"}', "s/4#rewrite": "longer than endpoint.max_tokens 99"}
    assert details == expected


@pytest.mark.feature(136)
def test_too_general_questions_are_counted_and_excluded_on_request(tmp_path: Path) -> None:
    general = [
        document(
            id=f"g/{n}",
            text=f"What is the main idea? {prose(100 + n)}",
            channel="web",
            source="g",
            license="MIT",
            language="en",
        )
        for n in range(3)
    ]
    given = [*rows(4), *general]
    wanted = {"channels": ["en"], "general_channels": ["web"]}
    with chat_server(reply) as server:
        augmentation, run = generative(server, tmp_path, questions=wanted)
        report = clean(tmp_path / "a", given, augmentation, run)
        augmentation["questions"]["exclude_too_general"] = True
        strict = clean(tmp_path / "b", given, augmentation, run)
        assert len(server.requests) == 4
    for each in (report, strict):
        found = each.synthetic
        assert (found.questions, found.measured_questions, found.too_general_questions) == (8, 8, 4)
    by_id = {row["id"]: row["text"] for row in documents(tmp_path / "b")}
    assert all("main idea" not in by_id[f"s/{number}#questions"] for number in range(4))
    assert "main idea" in {row["id"]: row["text"] for row in documents(tmp_path / "a")}["s/0#questions"]


def test_what_is_missing_is_said_before_the_work(tmp_path: Path, words: Path) -> None:
    asking = {"rewrite": {"enabled": True}, "endpoint": {"model": "larger"}}
    with pytest.raises(EndpointError, match="url: it is empty"):
        clean(tmp_path, rows(1), asking)
    words.write_text("alone\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="alone has no synonym"):
        clean(tmp_path, rows(1), classic(words))
    assert not (tmp_path / "tasks").exists()
    with chat_server(reply) as server:
        augmentation, run = generative(server, tmp_path, questions={"general_channels": ["web"]})
        with pytest.raises(ParameterError, match=r"general_channels \(web\): clean kept no document"):
            clean(tmp_path, rows(1), augmentation, run)
        assert not server.requests


def test_off_makes_nothing_and_reads_nothing_again(tmp_path: Path) -> None:
    report = clean(tmp_path, rows(3), {}, {"endpoint": EndpointRunParams(url="http://127.0.0.1:9/v1").model_dump()})
    assert report.synthetic.made == {} and report.records_in == report.documents == 3
    assert not list(tmp_path.rglob("augment-*"))
