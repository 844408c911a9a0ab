"""No way of writing a database URL prints its password."""

import pytest

from wherespent.storage.engine import parse_url


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:s3cret@host/db", "postgresql:///db?host=/run/pg&user=me&password=s3cret"],
)
def test_the_password_is_hidden_and_kept(url: str) -> None:
    parsed = parse_url(url)
    assert "s3cret" not in parsed.render_as_string(hide_password=True)
    assert parsed.password == "s3cret"
