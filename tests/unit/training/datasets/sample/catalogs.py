"""Small catalogues to simulate on: one with everything a catalogue can have, one with as little as it may."""

from pathlib import Path

MODULES = """\
module_id,title,skill_ids,difficulty,level,duration_minutes,format,variant_of,credential_id,published_at,retired_at
a1,Prompts,prompting,0.2,beginner,30,course,,,,
a2,More prompts,prompting,0.3,intermediate,45,video,,,,
a2-easy,More prompts gently,prompting,0.1,intermediate,45,video,a2,,,
a3,Prompt project,prompting|sql,0.5,advanced,120,project,,prompter,,
b1,Tables,sql,0.2,beginner,20,reading,,,,
b2,Joins,sql,0.4,intermediate,60,course,,,,
b2-hard,Joins in depth,sql,0.6,intermediate,90,course,b2,,,
b3,SQL test,sql,0.5,advanced,30,assessment,,analyst,,
c1,Old tools,sql,0.3,beginner,15,video,,,,2023-12-01
c2,New tools,sql,,,,,,,2024-02-01,
d1,A talk,ethics,,beginner,40,mentoring,,,,
"""
SKILLS = """\
skill_id,name,domain,aliases,half_life_days
prompting,Prompting,technical,prompt writing|prompt design,180
sql,SQL,technical,,540
ethics,Ethics,ethics,,
"""
PREREQUISITES = """\
module_id,prerequisite_module_id,prerequisite_skill_id,required_mastery,strength
a2,a1,,,hard
a3,a2,,,soft
a3,,sql,0.4,soft
b2,b1,,,hard
b3,b2,,,hard
"""
ROLES = """\
role_id,title,segment,priority
clerk,Clerk,user,0.4
analyst,Analyst,builder,0.9
head,Head,leader,
"""
ROLE_SKILLS = """\
role_id,skill_id,required_mastery,importance
clerk,prompting,0.5,0.8
clerk,ethics,0.4,0.5
clerk,sql,0.3,0.2
analyst,sql,0.8,1.0
analyst,prompting,0.6,0.7
analyst,ethics,0.4,
head,ethics,0.7,0.9
head,prompting,0.4,0.4
head,sql,0.2,0.1
"""
TRANSITIONS = "from_role_id,to_role_id,kind\nclerk,analyst,reskill\nclerk,head,upskill\n"
CREDENTIALS = "credential_id,title\nprompter,Prompter\nanalyst,Analyst\n"
N_ITEMS = {"a1": 4, "a2": 3, "a2-easy": 2, "a3": 2, "b1": 5, "b2": 3, "b2-hard": 3, "b3": 4, "c1": 1, "c2": 2}


def _items() -> str:
    skills = {"a": "prompting", "b": "sql", "c": "sql"}
    rows = ["item_id,skill_ids,module_id,difficulty"]
    for module, n in N_ITEMS.items():
        for q in range(n):
            skill = "prompting|sql" if module == "a3" else skills[module[0]]
            rows.append(f"{module}-q{q},{skill},{module},{'' if q else 0.3}")
    # what only skill checks ask
    rows += [f"{skill}-check{q},{skill},,0.4" for skill in ("prompting", "sql") for q in range(4)]
    return "\n".join(rows) + "\n"


FULL = {
    "modules": MODULES,
    "skills": SKILLS,
    "prerequisites": PREREQUISITES,
    "roles": ROLES,
    "role_skills": ROLE_SKILLS,
    "role_transitions": TRANSITIONS,
    "credentials": CREDENTIALS,
    "items": _items(),
}
"""Tables as CSV, by name."""

BARE = {
    "modules": "module_id,title,skill_ids\nm1,One,s\nm2,Two,s\nm3,Three,t\n",
    "skills": "skill_id,name\ns,Ess\nt,Tee\n",
    "roles": "role_id,title\nr,Role\n",
    "role_skills": "role_id,skill_id,required_mastery\nr,s,0.7\nr,t,0.5\n",
    "items": "item_id,module_id\ni1,m1\ni2,m2\ni3,m3\n",
}
"""No columns and no tables but those without which there is nothing to simulate."""


def written(folder: Path, tables: dict[str, str]) -> Path:
    """Write tables as CSV into a new directory and return it."""
    folder.mkdir(parents=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
