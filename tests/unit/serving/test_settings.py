from pathlib import Path

import pytest

from recommender.errors import ConfigurationError
from serving.settings import Settings, read_settings
from tests.unit.serving.world import KEY_SECRET


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SERVING_KEY_SECRET", raising=False)


def test_a_secret_is_required_and_the_sentence_says_how_to_make_one() -> None:
    with pytest.raises(ConfigurationError, match=r"SERVING_KEY_SECRET is not set; .*token_hex"):
        read_settings()


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("tiny", "shorter than 32"),
        ("a" * 64, "easy to guess"),
        ("changeme-changeme-changeme-changeme", "easy to guess"),
        ("my-password-is-long-enough-1234567", "easy to guess"),
    ],
)
def test_an_obvious_secret_is_refused_without_repeating_it(
    secret: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVING_KEY_SECRET", secret)
    with pytest.raises(ConfigurationError, match=why) as caught:
        read_settings()
    assert secret not in str(caught.value)


def test_the_environment_is_read_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        f"SERVING_KEY_SECRET={KEY_SECRET}\nSERVING_MAX_BODY_BYTES=10000\nSERVING_LOG_LEVEL=error\n"
    )
    monkeypatch.setenv("SERVING_MAX_BODY_BYTES", "20000")
    settings = read_settings()
    assert (settings.max_body_bytes, settings.log_level) == (20_000, "error")
    assert settings.key_secret.get_secret_value() == KEY_SECRET
    assert KEY_SECRET not in repr(settings)


def test_a_setting_out_of_range_is_named_with_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
    monkeypatch.setenv("SERVING_MAX_BODY_BYTES", "0")
    with pytest.raises(ConfigurationError, match=r"SERVING_MAX_BODY_BYTES .*Largest request body"):
        read_settings()


def test_every_setting_is_described() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undescribed == []
