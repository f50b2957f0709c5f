"""`birthStr` as Go's time.Parse accepts and rejects it (checked with go1.19)."""

from __future__ import annotations

import pytest

from app.dialects.openim_v2 import birth_date
from app.dialects.openim_v2.errors import BirthStrUnreadable


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0),
        ("1999-12-31", 946598400),
        ("2024-02-29", 1709164800),
        ("1900-01-01", -2208988800),
        ("0000-02-29", -62162121600),
    ],
)
def test_a_date_is_its_midnight_in_utc_in_seconds(text: str, seconds: int) -> None:
    assert birth_date.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", 'parsing time "soon" as "2006-01-02": cannot parse "soon" as "2006"'),
        ("99-01-01", 'parsing time "99-01-01" as "2006-01-02": cannot parse "1-01" as "2006"'),
        ("2020/01/01", 'parsing time "2020/01/01" as "2006-01-02": cannot parse "/01/01" as "-"'),
        ("2020-1-01", 'parsing time "2020-1-01" as "2006-01-02": cannot parse "1-01" as "01"'),
        ("2020-01", 'parsing time "2020-01" as "2006-01-02": cannot parse "" as "-"'),
        ("2020-01-1", 'parsing time "2020-01-1" as "2006-01-02": cannot parse "1" as "02"'),
        ("2020-13-01", 'parsing time "2020-13-01": month out of range'),
        ("2020-00-01", 'parsing time "2020-00-01": month out of range'),
        ("2020-02-30", 'parsing time "2020-02-30": day out of range'),
        ("2020-01-00", 'parsing time "2020-01-00": day out of range'),
        ("2020-01-01T00", 'parsing time "2020-01-01T00": extra text: "T00"'),
        (
            'é"\\\n',
            r'parsing time "\xc3\xa9\"\\\x0a" as "2006-01-02": cannot parse "\xc3\xa9\"\\\x0a" as "2006"',
        ),
    ],
)
def test_an_invalid_date_is_refused_with_gos_error_text(text: str, reason: str) -> None:
    with pytest.raises(BirthStrUnreadable) as refusal:
        birth_date.seconds(text)
    assert str(refusal.value) == f"TimeStringToTime failed:{reason}"
