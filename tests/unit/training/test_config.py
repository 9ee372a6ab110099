"""Configuration: what is taken, what wins, and one sentence for everything else."""

from pathlib import Path

import pytest

from recommender.errors import ConfigurationError
from training.config import TrainConfig, load_config


def refusal(*overrides: str, path: Path | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, overrides)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_nothing_given_is_the_defaults():
    assert load_config() == TrainConfig()
    assert load_config().view_config("ease").l2 == 50.0


def test_the_command_line_wins_over_the_file_and_the_file_over_the_defaults(file):
    file.write_text("seed = 3\n[skills]\nn_folds = 4\n[skills.linear]\ninverse_penalty = 2\n")
    config = load_config(file, ["skills.n_folds=6", "skills.n_folds = 7"])
    assert (config.seed, config.skills.n_folds, config.skills.linear.inverse_penalty) == (3, 7, 2.0)
    assert config.skills.mastery.penalty == 5.0


def test_a_byte_order_mark_is_no_obstacle(file):
    file.write_text("seed = 3\n", encoding="utf-8-sig")
    assert load_config(file).seed == 3


def test_sections_of_a_file_choose_the_views(file):
    file.write_text("[views.als]\nfactors = 8\n")
    config = load_config(file)
    assert set(config.views) == {"als"}
    assert config.view_config("als").factors == 8


def test_an_override_changes_one_value_and_takes_nothing_out(file):
    config = load_config(overrides=["views.ease.l2=8", "ranking.view_weights.ease=0.9"])
    assert set(config.views) == set(TrainConfig().views)
    assert config.view_config("ease").l2 == 8.0
    assert config.ranking.view_weights == TrainConfig().ranking.view_weights | {"ease": 0.9}
    file.write_text("[views.als]\nfactors = 8\n")
    added = load_config(file, ["views.recent_popularity.half_life_days=3"])
    assert set(added.views) == {"als", "recent_popularity"}
    assert added.view_class("recent_popularity") is TrainConfig().view_class("popularity")
    replaced = load_config(overrides=["views={als={factors=4}}"])
    assert replaced.views == {"als": {"factors": 4}}
    assert TrainConfig().views["ease"] == {}, "the defaults themselves stay as they are"


def test_one_view_may_be_trained_several_times(file):
    file.write_text("[views.als]\n[views.small]\nkind = 'als'\nfactors = 4\n")
    config = load_config(file, ["ranking.view_weights={als=1, small=2}", "views.small.alpha=3"])
    assert config.view_class("small") is config.view_class("als")
    assert (config.view_config("als").factors, config.view_config("small").factors) == (64, 4)
    assert config.view_config("small").alpha == 3
    assert "views.small.factor = 4 is not a setting" in refusal(
        "views.small={kind='als', factor=4}", "ranking.view_weights.small=1"
    )


def test_values_are_toml():
    config = load_config(overrides=["evaluation.cuts=[0.25, 0.75]", "evaluation.test_fraction=3e-1"])
    assert config.evaluation.cuts == (0.25, 0.75)
    assert config.evaluation.test_fraction == 0.3


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        # unknown keys
        ("sed=1", ["sed = 1", "not a setting", "docs/guides/configuration.md"]),
        ("skills.nfolds=3", ["skills.nfolds = 3", "not a setting", "docs/guides/configuration.md"]),
        ("seeds.a.b=3", ["seeds = ", "not a setting"]),
        ("views.als.factor=3", ["views.als.factor = 3", "not a setting", "docs/guides/configuration.md"]),
        # wrong types
        ("seed=abc", ["seed is 'abc'", "should be a valid integer"]),
        ("seed=", ["seed is ''", "should be a valid integer"]),
        ("seed=1.5", ["seed is 1.5", "should be a valid integer", "fractional"]),
        ("skills.n_folds=[1]", ["skills.n_folds is [1]", "should be a valid integer"]),
        ("seed=1\nskills.n_folds=2", ["seed is '1\\nskills.n_folds=2'", "should be a valid integer"]),
        ("evaluation.cuts=0.5", ["evaluation.cuts is 0.5", "should be a valid tuple"]),
        ("skills=3", ["skills is 3", "it is a section", "docs/guides/configuration.md"]),
        ("views.als=3", ["views.als is 3", "it is a section", "docs/guides/configuration.md"]),
        ("data.pass_mark={x=1}", ["data.pass_mark is {'x': 1}", "should be a valid number"]),
        # out of range
        ("seed=-1", ["seed is -1", "greater than or equal to 0"]),
        ("data.pass_mark=1.01", ["data.pass_mark is 1.01", "less than or equal to 1"]),
        ("evaluation.test_fraction=1", ["evaluation.test_fraction is 1", "less than 1"]),
        ("evaluation.test_fraction=nan", ["evaluation.test_fraction is nan", "less than 1"]),
        ("evaluation.max_learners=0", ["evaluation.max_learners is 0", "greater than or equal to 1"]),
        ("evaluation.cuts=[0.5, 1]", ["evaluation.cuts.1 is 1", "less than 1"]),
        ("evaluation.cuts=[0]", ["evaluation.cuts.0 is 0", "greater than 0"]),
        ("evaluation.cuts=[]", ["evaluation.cuts is []", "at least 1"]),
        ("views={}", ["views is {}", "at least 1"]),
        ("skills.n_folds=1", ["skills.n_folds is 1", "greater than or equal to 2"]),
        ("skills.linear.inverse_penalty=inf", ["skills.linear.inverse_penalty is inf", "finite number"]),
        ("ranking.value.gap=inf", ["ranking.value.gap is inf", "finite number"]),
        ("ranking.view_weights.als=inf", ["ranking.view_weights.als is inf", "finite number"]),
        ("ranking.view_weights.als=-0.1", ["ranking.view_weights.als is -0.1", "or equal to 0"]),
        ("views.popularity.slice=country", ["views.popularity.slice is 'country'", "'role' or 'segment'"]),
        ("views.als.factors=0", ["views.als.factors is 0", "greater than or equal to 1"]),
        ("views.als.alpha=inf", ["views.als.alpha is inf", "finite number"]),
        # values that do not go together
        ("ranking.difficulty.low=0.9", ["ranking.difficulty: ", "low < high", "0.9", "move the edge"]),
        # views and their weights
        ("views.magic={}", ["views.magic is not a view", "use some of als, ", "say by views.magic.kind"]),
        ("views.mine={kind='magic'}", ["views.mine.kind = 'magic' is not a view", "use some of als, "]),
        ("views.mine={kind=[]}", ["views.mine.kind = [] is not a view", "use some of als, "]),
        ("views.Mine={kind='als'}", ["views.Mine is no name", "use letters from a to z"]),
        ("views={'../x'={kind='als'}}", ["views.../x is no name", "use letters from a to z"]),
        ("views.engine={kind='als'}", ["views.engine: reports call the mix", "take another name"]),
        ("views.mine={kind='als'}", ["ranking.view_weights has no weight", "'mine'", "add one"]),
        (
            "ranking.view_weights.magic=1",
            ["ranking.view_weights.magic = 1.0 is not a view", "use some of als"],
        ),
        ("ranking.view_weights={als=1}", ["ranking.view_weights has no weight", "'transitions'", "add one"]),
        # forms of --set
        ("seed", ["--set 'seed'", "not of the form name=value", "--set seed=1"]),
        ("=1", ["--set '=1'", "not of the form name=value", "--set seed=1"]),
        ("skills..n_folds=1", ["--set 'skills..n_folds=1'", "not of the form", "--set seed=1"]),
        ("", ["--set ''", "not of the form name=value", "--set seed=1"]),
        (
            "evaluation.max_learners.x=1",
            ["--set evaluation.max_learners.x", "is 4000", "no section", "one of"],
        ),
    ],
)
def test_every_refusal_is_one_sentence_with_key_value_and_remedy(override, parts):
    sentence = refusal(override)
    assert [part for part in parts if part not in sentence] == []
    assert "\n" not in sentence


def test_a_section_under_a_value_is_refused_wherever_the_value_came_from(file):
    expected = "--set seed.x: seed is 3, which is no section; set one of the two"
    assert refusal("seed=3", "seed.x=2") == expected
    file.write_text("seed = 3\n")
    assert refusal("seed.x=2", path=file) == expected


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"seed = \n", ["settings.toml is not valid TOML", "line 1", "mend it there"]),
        (b"seed = 1\nseed = 2\n", ["settings.toml is not valid TOML", "line 2", "mend it there"]),
        (b"# caf\xe9\n", ["settings.toml is not UTF-8", "save it with that encoding"]),
        (b"[als]\nfactors = 3\n", ["als = {'factors': 3} is not a setting", "docs/guides/configuration.md"]),
        (b"seed = 1979-05-27\n", ["seed is datetime.date(1979, 5, 27)", "should be a valid integer"]),
        (b"[ranking.view_weights]\nals = 1\n", ["no weight for the view 'transitions'", "add one"]),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(file, content, parts):
    file.write_bytes(content)
    sentence = refusal(path=file)
    assert [part for part in parts if part not in sentence] == []
    assert "\n" not in sentence


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    gone = tmp_path / "gone.toml"
    assert (
        refusal(path=gone) == f"--config {gone} cannot be read (No such file or directory); name a TOML file"
    )
    assert f"--config {tmp_path} cannot be read (Is a directory)" in refusal(path=tmp_path)
