"""Rows that contradict each other are one clear sentence."""

from pathlib import Path

import pytest

from tests.bad_input.broken import COMPLETIONS, MODULES, SKILLS, SOUND, Case, check

CASES: list[Case] = [
    (
        "unknown list member",
        {"modules": "module_id,title,skill_ids\na,A,s|q\n", "skills": SKILLS},
        ["modules row 1", "column skill_ids", "'q'", "not in table skills", "add it to skills"],
    ),
    (
        "dangling learner",
        {**SOUND, "completions": COMPLETIONS + "z,a\n"},
        ["completions row 3", "column learner_id", "'z'", "not in table learners", "add it to learners"],
    ),
    (
        "dangling module",
        {**SOUND, "completions": COMPLETIONS + "x,c\n"},
        ["completions row 3", "column module_id", "'c'", "not in table modules", "mend the id"],
    ),
    (
        "dangling learner of an outcome",
        {
            **SOUND,
            "outcomes": "unit_id,unit_kind,measure,value,occurred_at\nteam 1,team,m,1,2024-01-01\n"
            "z,learner,m,1,2024-01-01\n",
        },
        ["outcomes row 2", "column unit_id", "'z'", "not in table learners"],
    ),
    (
        "duplicate id",
        {"modules": MODULES + "a,again\n"},
        ["modules row 3", "column module_id", "'a'", "row 1 already", "keep one of the two"],
    ),
    (
        "duplicate pair of ids",
        {
            "role_skills": "role_id,skill_id,required_mastery\nr,s,.5\nr,t,.5\nr,s,.7\n",
        },
        ["role_skills row 3", "column role_id + skill_id", "('r', 's')", "row 1 already"],
    ),
    (
        "same event id, other content",
        {**SOUND, "attempts": "event_id,learner_id,item_id,score\ne,x,i,1\nf,x,i,1\ne,x,i,0\n"},
        ["attempts row 3", "column event_id", "'e'", "row 1 already", "an id of its own"],
    ),
    (
        "same event id in two tables",
        {
            **SOUND,
            "attempts": "event_id,learner_id,item_id,score\ne,x,i,1\n",
            "completions": "event_id,learner_id,module_id\ne,x,a\n",
        },
        ["completions row 1", "column event_id", "'e'", "event of attempts already", "an id of its own"],
    ),
    (
        "prerequisite cycle",
        {
            "modules": MODULES + "c,C\n",
            "prerequisites": "module_id,prerequisite_module_id,strength\nb,a,hard\nc,b,soft\na,c,soft\n",
        },
        ["prerequisites row", "column prerequisite_module_id", "->", "circle", "take one of these rows out"],
    ),
    (
        "module before itself",
        {"modules": MODULES, "prerequisites": "module_id,prerequisite_module_id\na,a\n"},
        ["prerequisites row 1", "column prerequisite_module_id", "a -> a", "take one of these rows out"],
    ),
    (
        "skill above itself",
        {"skills": "skill_id,name,parent_skill_id\ns,S,t\nt,T,s\n"},
        ["skills row 2", "column parent_skill_id", "s -> t -> s", "mend one of these parents"],
    ),
    (
        "prerequisite of nothing",
        {"modules": MODULES, "prerequisites": "module_id,prerequisite_module_id\na,\n"},
        ["prerequisites row 1", "prerequisite_skill_id", "nothing", "give one of the two"],
    ),
    (
        "prerequisite of two kinds",
        {
            "modules": MODULES,
            "skills": SKILLS,
            "prerequisites": "module_id,prerequisite_module_id,prerequisite_skill_id,required_mastery\n"
            "a,b,s,0.5\n",
        },
        ["prerequisites row 1", "prerequisite_module_id", "('b', 's')", "write one row for each"],
    ),
    (
        "prerequisite skill without mastery",
        {"modules": MODULES, "prerequisites": "module_id,prerequisite_skill_id\na,s\n"},
        ["prerequisites row 1", "column required_mastery", "nothing", "'s'", "a number from 0 to 1"],
    ),
    (
        "variant of a module that is not there",
        {"modules": "module_id,title,variant_of\na,A,z\n"},
        ["modules row 1", "column variant_of", "'z'", "not in table modules", "mend the id"],
    ),
    (
        "variant of itself",
        {"modules": "module_id,title,variant_of\na,A,a\n"},
        ["modules row 1", "column variant_of", "'a'", "the module itself", "name another module"],
    ),
    (
        "ids against the order of rows",
        {**SOUND, "attempts": "event_id,learner_id,item_id,score\nb,x,i,1\nc,y,i,1\na,x,i,0\n"},
        [
            "attempts row 3, column event_id: 'a'",
            "'b' of row 1",
            "event_id order contradicts row order",
            "add occurred_at or leave event_id out",
        ],
    ),
    (
        "ids against the order of rows, beside an id that is made",
        {**SOUND, "attempts": "event_id,learner_id,item_id,score\nz,x,i,1\n,x,i,1\n"},
        [
            "attempts row 2",
            "column event_id",
            "'attempts-000000002'",
            "'z' of row 1",
            "contradicts row order",
        ],
    ),
    (
        "id that is made for another row",
        {**SOUND, "attempts": "event_id,learner_id,item_id,score\nattempts-000000002,x,i,1\n,y,i,1\n"},
        [
            "attempts row 1, column event_id: 'attempts-000000002'",
            "made for attempts row 2",
            "give that row an event_id too",
        ],
    ),
    (
        "id that is made for a row of another table",
        {
            **SOUND,
            "attempts": "event_id,learner_id,item_id,score\ncompletions-000000002,x,i,1\n",
        },
        ["attempts row 1", "column event_id", "'completions-000000002'", "made for completions row 2"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_one_sentence_names_all(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case)
