"""What the rules exclude from published text: `python benchmarks/books.py FOLDER ...`, a folder of files for each kind.

Each folder is collected and cleaned twice, as web text (category `web` in a general channel, so that all rules exclude)
and as books (category `book`, where those for web pages only count). The characters that are excluded are compared.
Personal data stays, so that only rules decide.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.corpus.clean.rules.params import reasons_by_family
from cpt_pipeline.corpus.clean.rules.report import RulesReport
from cpt_pipeline.corpus.clean.stage import clean_documents
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.collect.stage import collect_documents
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import SuiteParams

RulesReports = list[RulesReport]
KEPT = "kept"
"""Category of a document that keeps a channel alive of which the rules take all others."""


def main() -> None:
    """Print a row for each folder."""
    print("| folder | documents | characters | excluded as web text | as books, by web rules | by rules for any text |")
    print("|---|---|---|---|---|---|")
    for folder in map(Path, sys.argv[1:]):
        web, book = clean(folder, "web"), clean(folder, "book")
        shares = [share(each, of_web=of_web) for each, of_web in ((web, None), (book, True), (book, False))]
        documents, characters = (
            sum(getattr(each.judged, what) for each in book) for what in ("documents", "characters")
        )
        print(f"| {folder.name} | {documents} | {characters} | {' | '.join(shares)} |")


def clean(folder: Path, category: str) -> RulesReports:
    """Return what the rules found in the documents of a folder, if all of them are of a category."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        (place / "kept.txt").write_text(str(__doc__), encoding="utf-8")
        given = {"kind": "files", "license": "unknown, allowed because it is measured"}
        kept = {**given, "path": place / "kept.txt", "category": KEPT}
        sources = [
            {**given, "name": "text", "channel": "text", "path": folder, "category": category},
            {**kept, "name": "kept", "channel": "text"},
            {**kept, "name": "rest", "channel": "rest"},
        ]
        params = CollectParams.model_validate({"sources": sources, "max_bad_share": 1.0})
        channels = ChannelsParams(roles={"text": "general", "rest": "domain"})
        run = EngineParams(workers=1)
        collect_documents(place / "in", params, channels, SuiteParams(), LicensePolicyParams(), run)
        cleaning = CleanParams.model_validate({"personal_data": {"enabled": False}, "rules": {"by_category": {}}})
        raw = place / "in/raw_documents"
        report = clean_documents(raw, place / "out", cleaning, channels, CleanRunParams(workers=1))
        return [found for name, found in report.rules["text"].items() if name != KEPT]


def share(reports: RulesReports, *, of_web: bool | None) -> str:
    """Say which share of the characters was excluded by rules for web pages, by the others, or (None) by all."""
    basic = reasons_by_family(CleanParams().rules)["basic"]
    excluded = [taken for report in reports for taken in report.excluded.items()]
    numbers = [taken.characters for name, taken in excluded if of_web is None or (name in basic) is not of_web]
    return f"{100 * sum(numbers) / sum(report.judged.characters for report in reports):.2f} %"


if __name__ == "__main__":
    main()
