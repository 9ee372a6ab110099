from pathlib import Path

import pytest

from recommender.errors import InputError
from serving.security.keys import create_key, verify_key
from serving.security.scopes import Scope, parse_scopes
from serving.store import api_keys
from serving.store.migrate import open_database
from tests.unit.serving.world import KEY_SECRET, NOW


def test_a_key_is_stored_hashed_and_verified(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'k.db'}")
    with database.write() as connection:
        key = create_key(connection, KEY_SECRET, name="lms", scopes=[Scope.EVENTS], now=NOW)
    _, key_id, secret = key.split("_")
    assert len(bytes.fromhex(secret)) == 32
    with database.read() as connection:
        caller = verify_key(connection, KEY_SECRET, key)
        assert caller is not None
        assert (caller.key_id, caller.name, caller.scopes) == (key_id, "lms", {"events"})
        wrong = (
            key[:-1] + ("0" if key[-1] != "0" else "1"),
            f"alr_{'0' * 12}_{secret}",
            f"xyz_{key_id}_{secret}",
        )
        for presented in (*wrong, "", "alr", "alr__", key + "\N{SNOWMAN}"):
            assert verify_key(connection, KEY_SECRET, presented) is None
        # Under another secret of the service no key works.
        assert verify_key(connection, KEY_SECRET[::-1], key) is None
        stored = api_keys.find(connection, key_id)
    assert stored is not None
    assert stored.last4 == secret[-4:]
    database.close()
    assert secret.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_key_is_revoked_once(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'k.db'}")
    with database.write() as connection:
        key = create_key(connection, KEY_SECRET, name="lms", scopes=[Scope.EVENTS], now=NOW)
        key_id = key.split("_")[1]
        assert api_keys.revoke(connection, key_id, at=1.0)
        assert not api_keys.revoke(connection, key_id, at=2.0)
        assert verify_key(connection, KEY_SECRET, key) is None
        assert [k.revoked_at for k in api_keys.every(connection)] == [1.0]
    database.close()


@pytest.mark.parametrize("names", [[], [" "], ["recommend", "everything"]])
def test_scopes_must_be_known(names: list[str]) -> None:
    with pytest.raises(InputError, match="use one or more of recommend, events, catalog, reports, admin"):
        parse_scopes(names)
