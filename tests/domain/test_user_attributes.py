"""User attributes: by namespace, user and name; atomic; newest first."""

from __future__ import annotations

import pytest
from rollcall_server.domain import user_attributes
from rollcall_server.errors import ArgumentTooLong, UserIDInvalid
from rollcall_server.models import Page
from rollcall_server.services import Services


def test_attributes_belong_to_one_namespace_and_come_newest_first(services: Services) -> None:
    services.user_attributes.put("kind", "u", {"a": "1", "b": "2"})
    services.user_attributes.put("other", "u", {"a": "3"})
    services.user_attributes.put("kind", "v", {"c": "4"})
    found = services.user_attributes.of("kind", "u")
    assert [(each.name, each.value) for each in found] == [("b", "2"), ("a", "1")]
    assert [each.name for each in services.user_attributes.of("kind", "u", below=found[0].seq)] == ["a"]
    assert [each.name for each in services.user_attributes.of("kind", "u", size=1)] == ["b"]
    assert services.user_attributes.of_users("kind", ["v", "u", "w"]) == {
        "u": {"a": "1", "b": "2"},
        "v": {"c": "4"},
    }
    total, page = services.user_attributes.page("kind", Page(1, 5))
    assert (total, [(each.user_id, each.name) for each in page]) == (3, [("u", "b"), ("v", "c")])
    services.user_attributes.remove("kind", ["u", "v", "w"], ["a", "c", "nothing"])
    assert services.user_attributes.of_users("kind", ["u", "v"]) == {"u": {"b": "2"}}
    assert services.user_attributes.of_users("other", ["u"]) == {"u": {"a": "3"}}


def test_change_computes_the_new_value_from_the_old_one(services: Services) -> None:
    seen: list[str | None] = []

    def change(before: str | None) -> str:
        seen.append(before)
        return f"{before}+"

    services.user_attributes.change("kind", "u", "a", change)
    services.user_attributes.change("kind", "u", "a", change)
    assert seen == [None, "None+"]
    assert services.user_attributes.of_users("kind", ["u"]) == {"u": {"a": "None++"}}


def test_a_batch_that_exceeds_a_limit_stores_no_attribute(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_attributes, "MAX_PER_NAMESPACE", 2)
    services.user_attributes.put("kind", "u", {"a": "1", "b": "2"})
    with pytest.raises(ArgumentTooLong):
        services.user_attributes.put_all("kind", {"v": {"x": "1"}, "u": {"c": "3"}})
    with pytest.raises(UserIDInvalid):
        services.user_attributes.put_all("kind", {"v": {"x": "1"}, "u" * 65: {"c": "3"}})
    with pytest.raises(ArgumentTooLong):
        services.user_attributes.put("kind", "v", {"x": "y" * 65536})
    monkeypatch.setattr(user_attributes, "MAX_PER_NAMESPACE", 100)
    for number in range(15):
        services.user_attributes.put("other", "v", {str(number): "é" * 32_768})
    services.user_attributes.put("other", "v", {"last": "é" * 32_700})
    with pytest.raises(ArgumentTooLong, match="a user may have 1048576 bytes of these"):
        services.user_attributes.put("other", "v", {"more": "é" * 200})
    assert services.user_attributes.of_users("kind", ["u", "v"]) == {"u": {"a": "1", "b": "2"}}
