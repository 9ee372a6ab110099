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


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("SERVING_RATELIMIT", "spell it SERVING_RATE_LIMIT, or take it out"),
        ("serving_rate_limits", "spell it SERVING_RATE_LIMIT, or take it out"),
        ("SERVING_KEYSECRET", "spell it SERVING_KEY_SECRET, or take it out"),
        ("SERVING_ZZZZZZZZZZZZZZZZZZZZZZZ", "take it out"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_a_name_that_is_no_setting_is_refused_with_the_one_that_is_meant(
    name: str, remedy: str, in_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_file:
        Path(".env").write_text(f"{name}=5-is-not-told\n")
    else:
        monkeypatch.setenv(name, "5-is-not-told")
    with pytest.raises(ConfigurationError, match=rf"{name.upper()}, .* of the service; {remedy}$") as caught:
        read_settings()
    assert "5-is-not-told" not in str(caught.value)


def test_variables_of_others_are_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"SERVING_KEY_SECRET={KEY_SECRET}\nOTHER=1\n")
    monkeypatch.setenv("OBSERVING_RATE_LIMIT", "5")
    monkeypatch.setenv("serving_rate_limit", "5")
    assert read_settings().rate_limit == 5


def test_every_setting_is_described() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undescribed == []
