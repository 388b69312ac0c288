"""The words of recruiting in the reader's language, for templates and messages."""

from flask_babel import gettext

from fieldops.actions.recruiting_lists import Stage


def stage_name(stage: str) -> str:
    """Return a stage as people say it."""
    words: dict[Stage, str] = {
        Stage.NEW: gettext("new"), Stage.CONTACTED: gettext("contacted"), Stage.INTERVIEWED: gettext("interviewed"),
        Stage.SIGNED: gettext("signed"), Stage.TRAINED: gettext("trained"), Stage.FIRST_ORDER: gettext("first order"),
        Stage.ACTIVE: gettext("active"), Stage.LOST: gettext("lost"), Stage.DORMANT: gettext("dormant"),
    }  # fmt: skip
    return words[Stage(stage)]
