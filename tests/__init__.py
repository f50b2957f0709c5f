"""Tests mirror app/; support/ has what they share, and a failed assertion there shows its values too."""

import pytest

pytest.register_assert_rewrite("tests.support")
