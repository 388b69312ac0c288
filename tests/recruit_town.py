"""The planned town with people to recruit: candidates at every stage, reps, posters, a training, calls that are due."""

from datetime import timedelta
from pathlib import Path

from fieldops.actions.effort import import_effort
from fieldops.actions.recruiting_import import import_candidates
from fieldops.actions.recruiting_moves import add_note, assign_rep, describe_candidate
from fieldops.actions.recruiting_posters import make_poster
from fieldops.actions.recruiting_reps import assign_reps, import_reps, link_account
from fieldops.actions.recruiting_training import book_training, make_training
from fieldops.clock import format_moment
from fieldops.ids import CrewId, PosterCode, RepId, StreetId
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.sources import Group
from fieldops.store.connect import Region
from fieldops.store.persons import find_by_phone
from tests.conftest import LEAD, NOON
from tests.recruits import phone

NAMES = ["王小明", "欧阳娜娜", "李芳", "张伟", "刘洋", "陈静", "杨磊", "赵敏", "黄丽", "周强", "吴军", "徐艳", "孙勇", "胡娟", "朱涛",
         "高霞", "林平", "何刚", "郭桂英", "马超", "Ana María", "买买提·吐尔逊", "罗玲", "梁雪", "宋佳", "郑浩", "谢婷", "韩晶"]  # fmt: skip
STAGES = (
    ["new"] * 9
    + ["contacted"] * 5
    + ["interviewed"] * 4
    + ["signed"] * 3
    + ["trained"] * 2
    + ["first_order"] * 2
    + ["active"] * 3
)
REPS = [("R1", "赵姐", "北站基地", "zh"), ("R2", "老钱", "南门基地", "zh;ug")]


def recruit(region: Region) -> PosterCode:
    """Fill a planned town with people, and return the code of an open poster."""
    rows = [
        {
            "name": name, "phone": phone(i), "street": f"R0{i % 8}", "crew": f"C{i % 4}", "group": "4123"[i % 4], "stage": STAGES[i % len(STAGES)],
            "made_at": format_moment(NOON - timedelta(days=3 * i + 2)), "stage_since": format_moment(NOON - timedelta(days=2 * i + 1)),
            "wanted_low": "500", "wanted_high": "1000",
        }
        for i, name in enumerate(NAMES)
    ]  # fmt: skip
    done = import_candidates(region, LEAD, list(enumerate(rows, start=2)), consent=FIRST_TEXT.version, now=NOON)
    assert done.added == len(NAMES), done.rejected
    reps = [{"rep": code, "name": name, "base": base, "languages": spoken} for code, name, base, spoken in REPS]
    import_reps(region, LEAD, list(enumerate(reps, start=2)), now=NOON)
    first, second = find_by_phone(region, [f"+86{phone(0)}", f"+86{phone(1)}"]).values()
    assign_rep(region, LEAD, first, RepId("R1"), now=NOON)
    add_note(region, LEAD, first, "想卖童装，周三下午再打", now=NOON)
    describe_candidate(region, LEAD, second, group=Group.LARGE, wanted_low=800, wanted_high=None, now=NOON)
    assign_reps(region, LEAD, most=4, now=NOON)
    link_account(region, LEAD, RepId("R1"), "account:rep", now=NOON)
    training = make_training(
        region, LEAD, base="北站基地", topic="第一场直播", starts_at=NOON + timedelta(days=2),
        ends_at=NOON + timedelta(days=2, hours=2), capacity=12, now=NOON,
    )  # fmt: skip
    book_training(region, LEAD, training, first, now=NOON)
    effort = [
        {"day": f"2026-02-{day:02d}", "crew": f"C{crew}", "street": f"R0{(crew + day) % 8}", "promoter_hours": "12"}
        for day in range(10, 28) for crew in range(4)
    ]  # fmt: skip
    assert import_effort(region, LEAD, list(enumerate(effort, start=2)), now=NOON).added == len(effort)
    return make_poster(region, LEAD, street=StreetId("R00"), crew=CrewId("C1"), now=NOON).code


def make_recruit_town(path: Path) -> tuple[Region, PosterCode]:
    """Make the town at `path`; return it open, and the code of its poster."""
    from tests.desk_town import make_desk_town

    region = make_desk_town(path)
    return region, recruit(region)
