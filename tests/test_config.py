"""config.toml: the defaults, the example, and every fault with its cure."""

import os
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.config import Settings, example, load
from bot.domain.county import County
from bot.domain.deadlines import Clock
from bot.errors import ConfigurationError

TOKEN = "123456:" + "A" * 35


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(written(folder, text))
    return caught.value.faults


def test_the_example_holds_the_defaults(tmp_path: Path) -> None:
    settings, warnings = load(written(tmp_path, example()))

    plain = Settings(county="某某县")
    assert settings.model_dump(exclude={"database"}) == plain.model_dump(exclude={"database"})
    assert warnings == []


def test_the_example_names_every_key() -> None:
    text = example()

    for name, field in Settings.model_fields.items():
        assert name in text
        for key in keys_of(field.annotation):
            assert key in text, f"{name}.{key}"


def keys_of(section: object) -> list[str]:
    fields = getattr(section, "model_fields", {})
    inner = [key for field in fields.values() for key in keys_of(field.annotation)]
    return [*(field.alias or key for key, field in fields.items()), *inner]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", 'county: is missing; write county = "…"'),
        ('county = ""', "county"),
        (
            'county = "甲县"\ntimezone = "Asia/Shangai"',
            "'Asia/Shangai' is not a time zone; try Asia/Shanghai",
        ),
        ('county = "甲县"\ntimezone = ""', "is not a time zone; try Asia/Shanghai"),
        (
            'county = "甲县"\n[prompts]\nask_att = "09:00"',
            "prompts.ask_att: unknown key; did you mean ask_at?",
        ),
        ('county = "甲县"\n[prompt]\nask_at = "09:00"', "prompt: unknown key; did you mean prompts?"),
        ('county = "甲县"\n[zzz]\nx = 1', "zzz: unknown key; remove it"),
        ('county = "甲县"\n[prompts]\nask_at = "9:00"', 'prompts.ask_at: write a time such as "09:00"'),
        ('county = "甲县"\n[prompts]\nask_at = "16:00"', "must follow one another"),
        (
            'county = "甲县"\n[prompts]\ncadence = { "在见" = "weekly" }',
            "'在见' is no class; choose out of 在建",
        ),
        (
            'county = "甲县"\n[prompts]\ncadence = { "在建" = "daily" }',
            "'daily' is no cadence; choose out of workday",
        ),
        (
            'county = "甲县"\n[deadlines]\naccept = "4 hours"',
            'deadlines.accept: write a length such as "90m"',
        ),
        ('county = "甲县"\n[deadlines]\naccept = "0h"', "longer than nothing"),
        ('county = "甲县"\n[deadlines]\nsolve = "7d"', "deadlines.solve: unknown key"),
        (
            'county = "甲县"\n[deadlines]\ncomplex = "367d"',
            "deadlines.complex: nobody waits for longer than a year",
        ),
        ('county = "甲县"\n[deadlines]\naccept = "99999999999999999h"', "write 366d or less"),
        ('county = "甲县"\n[deadlines]\npreset = "24680"', "deadlines.preset: Input should be '13710'"),
        (
            'county = "甲县"\n[deadlines]\nworking = ["acept"]',
            "deadlines.working: 'acept' is no clock; choose out of accept, feedback and solve",
        ),
        (
            'county = "甲县"\n[deadlines]\nworking = "accept"',
            'deadlines.working: write a list such as ["accept"]',
        ),
        ('county = "甲县"\n[deadlines]\nworking = [1]', 'deadlines.working: write a list such as ["accept"]'),
        (
            'county = "甲县"\n[escalation]\nclimb = "auto"',
            "escalation.climb: Input should be 'offer' or 'automatic'",
        ),
        ('county = "甲县"\n[escalation]\nstep = "14m"', 'write "15m" or more'),
        ('county = "甲县"\n[escalation]\nsteps = "4h"', "escalation.steps: unknown key; did you mean step?"),
        ('county = "甲县"\n[deadlines]\noffice_from = "19:00"', "office_from must be earlier"),
        ('county = "甲县"\n[digest]\nweekday = "Monday"', "digest.weekday"),
        (
            'county = "甲县"\n[ranking]\nweights = { plan = "很多" }',
            "ranking.weights: plan = '很多' is no number; write one such as 30",
        ),
        ('county = "甲县"\n[ranking]\nweights = { plan = -1 }', "ranking.weights: plan = -1 is negative"),
        ('county = "甲县"\n[ranking]\nweights = { plan = 0 }', "ranking.weights: nothing counts"),
        ('county = "甲县"\n[ranking]\nweights = { plam = 1 }', "ranking.weights: 'plam' is no item"),
        (
            'county = "甲县"\n[ranking]\nweights = { plan = 50, answered = 50 }',
            "ranking.weights: answered: answering and checking in are never ranked",
        ),
        (
            'county = "甲县"\n[ranking]\nweights = { "联络员" = 50 }',
            "ranking.weights: 联络员: persons and those who answer for a project are never ranked",
        ),
        ('county = "甲县"\n[ranking]\nminimum = 1', "ranking.minimum: 1: whoever is compared with nobody"),
        (
            'county = "甲县"\n[ranking]\nminimum = "3"',
            "ranking.minimum: '3': whoever is compared with nobody",
        ),
        ('county = "甲县"\n[problems]\ncategories = ["用地"]', "end with 其他"),
        (
            'county = "甲县"\n[calendar]\nextra = [2026-10-01]\nremoved = [2026-10-01]',
            "2026-10-01 is both an extra working day and a removed one",
        ),
        ('county = "甲县"\n[telegram]\ntoken = "abc"', "telegram.token: does not look like a token"),
        ('county = "甲县"\n[telegram]\ntoken_file = "no.txt"', "telegram.token_file"),
        ("county = 甲县", "is not TOML"),
    ],
)
def test_a_fault_is_named_with_its_cure(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in each for each in faults(tmp_path, text)), faults(tmp_path, text)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    text = 'timezone = "Asia/Shanghai"\nx = 1\n[prompts]\nask_at = "25:00"\n[digest]\nat = "8"'

    assert len(faults(tmp_path, text)) == 4


def test_a_secret_never_stands_in_a_fault(tmp_path: Path) -> None:
    found = faults(tmp_path, f'county = "甲县"\n[telegram]\ntoken = ["{TOKEN}"]\ntokn = "{TOKEN}"')

    assert TOKEN not in "\n".join(found)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="liaison init"):
        load(tmp_path / "config.toml")


def test_the_environment_stands_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIAISON_TELEGRAM__TOKEN", TOKEN)
    monkeypatch.setenv("LIAISON_PROMPTS__ASK_AT", "08:45")

    settings, _ = load(written(tmp_path, 'county = "甲县"'))

    assert settings.telegram.token.get_secret_value() == TOKEN
    assert settings.prompts.ask_at == time(8, 45)


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text(f"{TOKEN}\n", encoding="utf-8")
    (tmp_path / "token.txt").chmod(0o600)

    settings, warnings = load(written(tmp_path, 'county = "甲县"\n[telegram]\ntoken_file = "token.txt"'))

    assert settings.telegram.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(settings)
    assert warnings == []


def test_a_secret_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    file = written(tmp_path, f'county = "甲县"\n[telegram]\ntoken = "{TOKEN}"', mode=0o644)

    _, warnings = load(file)

    assert warnings == [f"{file} holds a secret and can be read by others; run: chmod 600 {file}"]


def test_strict_files_refuses_a_secret_that_others_can_read(tmp_path: Path) -> None:
    text = f'county = "甲县"\nstrict_files = true\n[telegram]\ntoken = "{TOKEN}"'

    with pytest.raises(ConfigurationError, match="chmod 600"):
        load(written(tmp_path, text, mode=0o644))


def test_a_relative_database_lies_beside_the_file(tmp_path: Path) -> None:
    settings, _ = load(written(tmp_path, 'county = "甲县"'))

    assert settings.database.url == f"sqlite:///{tmp_path}/liaison.db"


def test_lengths_and_days_are_read(tmp_path: Path) -> None:
    settings, _ = load(
        written(tmp_path, 'county = "甲县"\n[deadlines]\naccept = "90m"\n[calendar]\nextra = ["2026-12-26"]')
    )

    assert settings.deadlines.accept == timedelta(minutes=90)
    assert settings.of_county().calendar.is_workday(settings.calendar.extra[0])


def test_clocks_and_the_ladder_reach_the_county(tmp_path: Path) -> None:
    text = '[deadlines]\nworking = ["solve", "feedback"]\n[escalation]\nclimb = "automatic"\nstep = "15m"'

    county = load(written(tmp_path, f'county = "甲县"\n{text}'))[0].of_county()

    assert county.deadlines.working == {Clock.SOLVE, Clock.FEEDBACK}
    assert (county.climbs, county.step) == (True, timedelta(minutes=15))


def test_a_county_that_says_nothing_has_the_defaults(tmp_path: Path) -> None:
    plain = load(written(tmp_path, 'county = "甲县"'))[0].of_county()

    assert plain == County(name="甲县", calendar=plain.calendar)


def test_no_clock_at_all_may_count_working_time(tmp_path: Path) -> None:
    settings, _ = load(written(tmp_path, 'county = "甲县"\n[deadlines]\nworking = []'))

    assert settings.of_county().deadlines.working == frozenset()


def test_a_step_in_days_is_so_many_days_of_office_hours(tmp_path: Path) -> None:
    text = '[deadlines]\noffice_from = "09:00"\noffice_until = "17:00"\n[escalation]\nstep = "2d"'

    settings, _ = load(written(tmp_path, f'county = "甲县"\n{text}'))

    assert settings.of_county().step == timedelta(hours=16)


def test_no_variable_of_ours_is_set_here() -> None:
    assert not [name for name in os.environ if name.startswith("LIAISON_")]


def test_wecom_may_be_a_bot_an_app_and_robots(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hush\n", encoding="utf-8")
    key = "a" * 43
    settings, _ = load(
        written(
            tmp_path,
            f"""
            county = "甲县"
            [wecom.bot]
            bot_id = "aib1"
            secret_file = "secret.txt"
            [wecom.app]
            corp_id = "ww1"
            agent_id = 1000002
            secret = "s"
            token = "t"
            aes_key = "{key}"
            [wecom.webhooks]
            "大桥镇群" = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k-1"
            """,
        )
    )

    assert settings.wecom.bot.secret.get_secret_value() == "hush"
    assert settings.wecom.app.is_set
    assert list(settings.wecom.webhooks) == ["大桥镇群"]
    assert {"hush", "s", "t", key, "k-1"} <= set(settings.secrets)


APP = '[wecom.app]\ncorp_id = "ww1"\nagent_id = 1\nsecret = "s"'


@pytest.mark.parametrize("listen", ["", '\nlisten = ""'])
def test_an_app_without_a_callback_needs_neither_its_keys_nor_an_address(tmp_path: Path, listen: str) -> None:
    settings, _ = load(written(tmp_path, f'county = "甲县"\n{APP}{listen}'))

    assert settings.wecom.app.is_set
    assert not settings.wecom.app.hears


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[wecom.bot]\nbot_id = "b"', "wecom.bot.secret: is missing"),
        ('[wecom.bot]\nsecret = "b"', "wecom.bot.bot_id: is missing"),
        ('[wecom.bot]\nws_url = "openws"', "wecom.bot.ws_url: must begin with wss://"),
        ('[wecom.app]\ncorp_id = "ww1"', "wecom.app: is missing agent_id, secret;"),
        (f'{APP}\ntoken = "t"', "wecom.app.aes_key: is missing; fill in token and aes_key both"),
        (f'{APP}\naes_key = "{"a" * 43}"', "wecom.app.token: is missing; fill in token and aes_key both"),
        (f'{APP}\ntoken = "t"\naes_key = "{"a" * 43}"\nlisten = ""', "wecom.app.listen: is missing"),
        ('[wecom.app]\naes_key = "short"', "wecom.app.aes_key: is not 43 letters and digits"),
        ('[wecom.app]\napi_base = "qyapi"', "wecom.app.api_base: must begin with https://"),
        ('[wecom.webhooks]\n"群" = "https://x/y"', "wecom.webhooks.群: is not the address of a group robot"),
        ('[wecom]\nbots = "x"', "wecom.bots: unknown key; did you mean bot?"),
    ],
)
def test_every_fault_of_wecom_is_named_with_its_cure(tmp_path: Path, text: str, fault: str) -> None:
    assert any(each.startswith(fault) for each in faults(tmp_path, f'county = "甲县"\n{text}'))


def test_a_file_with_the_address_of_a_robot_holds_a_secret(tmp_path: Path) -> None:
    text = 'county = "甲县"\n[wecom.webhooks]\n"群" = "https://x/send?key=k"'

    _, warnings = load(written(tmp_path, text, mode=0o644))

    assert "chmod 600" in warnings[0]


def test_row_29_the_county_decides_what_goes_abroad(tmp_path: Path) -> None:
    full, _ = load(written(tmp_path, 'county = "甲县"'))
    reference, _ = load(written(tmp_path, 'county = "甲县"\n[privacy]\ntelegram = "reference"'))

    assert full.of_county().by_reference == frozenset()
    assert reference.of_county().by_reference == {"telegram"}


def test_row_31_terms_are_days_or_for_ever(tmp_path: Path) -> None:
    settings, _ = load(
        written(tmp_path, 'county = "甲县"\n[retention]\nattachments = "1000d"\nmessages = "forever"')
    )

    retention = settings.of_county().retention
    assert (retention.attachments, retention.messages) == (timedelta(days=1000), None)
    assert retention.dead_letters == timedelta(days=180)


@pytest.mark.parametrize("term", ["29d", "6 months", "24h", "0d"])
def test_row_31_a_term_that_is_none_is_refused_with_its_cure(tmp_path: Path, term: str) -> None:
    assert faults(tmp_path, f'county = "甲县"\n[retention]\nmessages = "{term}"') == [
        'retention.messages: write days, 30 or more, such as "180d", or "forever"'
    ]
