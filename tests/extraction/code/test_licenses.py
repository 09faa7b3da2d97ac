"""Licences: SPDX or a stated reason; installed packages are mapped only where it is certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.extraction.code.licenses import find_problem, license_of_text, package_license, spdx

BSD_2 = "Redistribution and use in source and binary forms, with or without modification, are permitted provided " + (
    "that the following conditions are met: Redistributions of source code must retain the above copyright notice, "
    "this list of conditions and the following disclaimer."
)
BSD_3 = f"{BSD_2} Neither the name of the holder may be used to endorse or promote products derived from this software."


@pytest.mark.feature(8)
@pytest.mark.parametrize("good", ["MIT", "cc-by-4.0", "GPL-2.0-only OR MIT", "unknown, allowed because we wrote it"])
def test_licences_that_may_be_used(good: str) -> None:
    assert find_problem(good) is None


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("", "no license given"),
        ("  ", "no license given"),
        ("unknown", "does not say why"),
        ("unknown, allowed because ", "does not say why"),
        ("proprietary", "not an SPDX expression"),
        ("MIT License", "not an SPDX expression"),
    ],
)
def test_licences_that_may_not(bad: str, words: str) -> None:
    problem = find_problem(bad)
    assert problem is not None
    assert words in problem


def test_spdx_is_given_in_canonical_form() -> None:
    assert spdx("psf-2.0") == "PSF-2.0"
    assert spdx("") is None


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("License-Expression: BSD-3-Clause\nLicense: nonsense", "BSD-3-Clause"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
        (f"License: {BSD_3}\nClassifier: License :: OSI Approved :: BSD License", "BSD-3-Clause"),
        (f"License: {BSD_2}\nClassifier: License :: OSI Approved :: BSD License", "BSD-2-Clause"),
        ("License: Apache-2.0", "Apache-2.0"),
        ("License: BSD", None),
        ("Classifier: License :: OSI Approved :: BSD License", None),
        (
            "Classifier: License :: OSI Approved :: MIT License\n"
            "Classifier: License :: OSI Approved :: Apache Software License",
            None,
        ),
        ("Summary: no word of it", None),
    ],
)
def test_package_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: str, expected: str | None) -> None:
    folder = tmp_path / "thing-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: thing\nVersion: 1.0\n{metadata}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert package_license("thing") == expected


def test_the_packages_of_the_default_source() -> None:
    assert [package_license(name) for name in ("scipy", "scikit-learn")] == ["BSD-3-Clause", "BSD-3-Clause"]


MIT = (
    "Copyright 2020 A. Permission is hereby granted, free of charge, to any person obtaining a copy. The above "
    'copyright notice shall be included. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY.'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MIT, "MIT"),
        (f"MIT License\n\n{MIT}", "MIT"),
        (f"{MIT} The Software shall be used for Good, not Evil.", "JSON"),
        (f'"Commons Clause" License Condition v1.0\n\n{MIT}', None),
        (f"{MIT}\nThe Software may not be used to train machine learning models.", None),
        (f"{MIT}\nFor non-commercial use only.", None),
        (f"{BSD_2} You must not sell it.", None),
        (BSD_3 + " The name of the author may not be used to endorse it.", "BSD-3-Clause"),
    ],
)
def test_a_free_licence_with_restrictions_of_its_own_is_not_known(text: str, expected: str | None) -> None:
    assert license_of_text(text) == expected
