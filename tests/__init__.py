"""Tests mirror app/; support/ has shared code, whose failed assertions show their values too."""

import pytest

pytest.register_assert_rewrite("tests.support")
