"""Notes: by kind, user and name; all or none; the newest first."""

from __future__ import annotations

import pytest

from app.domain import user_attributes
from app.errors import ArgumentTooLong, UserIDInvalid
from app.services import Services


def test_notes_are_of_one_kind_and_the_newest_comes_first(services: Services) -> None:
    services.user_attributes.put("kind", "u", {"a": "1", "b": "2"})
    services.user_attributes.put("other", "u", {"a": "3"})
    services.user_attributes.put("kind", "v", {"c": "4"})
    found = services.user_attributes.of("kind", "u")
    assert [(note.name, note.value) for note in found] == [("b", "2"), ("a", "1")]
    assert [note.name for note in services.user_attributes.of("kind", "u", below=found[0].seq)] == ["a"]
    assert [note.name for note in services.user_attributes.of("kind", "u", size=1)] == ["b"]
    assert services.user_attributes.of_users("kind", ["v", "u", "w"]) == {
        "u": {"a": "1", "b": "2"},
        "v": {"c": "4"},
    }
    total, page = services.user_attributes.page("kind", 1, 5)
    assert (total, [(note.user_id, note.name) for note in page]) == (3, [("u", "b"), ("v", "c")])
    services.user_attributes.remove("kind", ["u", "v", "w"], ["a", "c", "nothing"])
    assert services.user_attributes.of_users("kind", ["u", "v"]) == {"u": {"b": "2"}}
    assert services.user_attributes.of_users("other", ["u"]) == {"u": {"a": "3"}}


def test_a_note_changes_from_what_it_was(services: Services) -> None:
    seen: list[str | None] = []

    def change(before: str | None) -> str:
        seen.append(before)
        return f"{before}+"

    services.user_attributes.change("kind", "u", "a", change)
    services.user_attributes.change("kind", "u", "a", change)
    assert seen == [None, "None+"]
    assert services.user_attributes.of_users("kind", ["u"]) == {"u": {"a": "None++"}}


def test_too_many_of_one_user_are_none_of_any(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_attributes, "MAX_PER_NAMESPACE", 2)
    services.user_attributes.put("kind", "u", {"a": "1", "b": "2"})
    with pytest.raises(ArgumentTooLong):
        services.user_attributes.put_all("kind", {"v": {"x": "1"}, "u": {"c": "3"}})
    with pytest.raises(UserIDInvalid):
        services.user_attributes.put_all("kind", {"v": {"x": "1"}, "u" * 65: {"c": "3"}})
    with pytest.raises(ArgumentTooLong):
        services.user_attributes.put("kind", "v", {"x": "y" * 65537})
    assert services.user_attributes.of_users("kind", ["u", "v"]) == {"u": {"a": "1", "b": "2"}}
