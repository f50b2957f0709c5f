"""`birthStr`: dates in one form, and one sentence for everything else."""

from __future__ import annotations

import pytest
from rollcall_server.dialects.openim_v2 import birth_date
from rollcall_server.dialects.openim_v2.errors import BirthStrInvalid


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0),
        ("1999-12-31", 946598400),
        ("2024-02-29", 1709164800),
        ("1900-01-01", -2208988800),
        ("0001-01-01", -62135596800),
        ("9999-12-31", 253402214400),
    ],
)
def test_a_date_is_parsed_to_its_midnight_in_utc_and_rendered_back(text: str, seconds: int) -> None:
    assert birth_date.parse(text) == seconds
    assert birth_date.render(seconds) == text


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "99-01-01",
        "2020/01/01",
        "2020-1-01",
        "2020-01",
        "2020-01-1",
        "2020-13-01",
        "2020-00-01",
        "2020-02-30",
        "2020-01-00",
        "2020-01-01T00",
        "2020-01-01\n",
        "2020-W53-6",
        "20200101",
        "\u0662\u0660\u0662\u0660-01-01",
        "0000-02-29",
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BirthStrInvalid) as refusal:
        birth_date.parse(text)
    assert str(refusal.value) == f'TimeStringToTime failed:parsing time "{text}" as "2006-01-02"'
