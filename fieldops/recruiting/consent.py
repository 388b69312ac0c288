"""What somebody agrees to before a phone number is stored (rule 19): texts with a version that follows from their words."""

import hashlib
import re
from dataclasses import dataclass

from fieldops.errors import BadInput
from fieldops.said import Said

LONGEST_TEXT = 4000
SHOWN = ("short", "whole")  # what of a text a phone showed before the person agreed


@dataclass(frozen=True, slots=True)
class ConsentText:
    """
    A text in the region's languages; the version is made of its words, so that no text changes under its version.

    A promoter reads it out whole. Of our own drafts the first paragraph is enough, as it says who collects what for and that
    people may see and delete it; the rest is shown to whoever asks. Nobody knows that of a region's own first paragraph.
    """

    chinese: str
    english: str

    def __post_init__(self) -> None:
        """Refuse a text that says nothing."""
        for language, text in (("chinese", self.chinese), ("english", self.english)):
            if not text.strip() or len(text) > LONGEST_TEXT:
                raise BadInput(
                    "is empty or too long",
                    field=language,
                    cure=Said("give 1 to %(longest_text)s characters", longest_text=LONGEST_TEXT),
                )

    @property
    def version(self) -> str:
        """Return the version: twelve hexadecimal digits of SHA-256 over both texts."""
        return hashlib.sha256(f"{self.chinese}\x1f{self.english}".encode()).hexdigest()[:12]

    def read_out(self, *, chinese: bool) -> tuple[str, str]:
        """Return what is read out, in one language, and what can be opened beside it; empty where the whole is read out."""
        text = self.chinese if chinese else self.english
        if self not in FIRST_TEXTS:
            return text.strip(), ""
        first, *rest = re.split(r"\s*\n\s*\n\s*", text.strip(), maxsplit=1)
        return first, "".join(rest)


# Drafts that name what the law asks for (who, purpose, kinds, how long, rights); a region's own lawyer words them anew.
_OF_2026_11_26 = ConsentText(
    chinese=(
        "我们收集您的姓名和手机号，仅用于联系您了解兼职卖家项目。对接人会打电话与您确认。未入职的资料在最后一次联系后 90 天内删除。"
        "您可以随时要求查看、更正或删除您的资料，或撤回同意，告诉来电的对接人即可。提供即表示您已满 16 周岁并同意。"
    ),
    english=(
        "We store your name and phone number only to talk with you about selling part-time. A representative will call you. "
        "If you do not join, your data is deleted within 90 days after the last contact. You may see, correct or delete it, "
        "or withdraw your consent, at any time: tell the representative who calls. You are at least 16 years old and agree."
    ),
)
# Read out in five seconds, and the whole of it at a tap: who stands on a pavement hears a long text out as little as they read it.
_OF_2026_11_27 = ConsentText(
    chinese=f"姓名电话只用来联系您做兼职卖家，随时可删。满16岁，同意吗？\n\n{_OF_2026_11_26.chinese}",
    english=(
        "Your name and number are only for calling you about selling part-time; we delete them when you ask. "
        f"Are you 16, and do you agree?\n\n{_OF_2026_11_26.english}"
    ),
)
FIRST_TEXT = ConsentText(
    chinese=(
        "推广队记您姓名电话，只为找您兼职卖货，可查可删。满16岁，同意吗？\n\n"
        "您的资料由这支推广队所属的大区收集，区域负责人对此负责。姓名和手机号仅用于联系您了解兼职卖家项目。对接人会打电话与您确认。"
        "未入职的资料在最后一次联系后 90 天内删除。您可以随时要求查看、更正或删除您的资料，或撤回同意，告诉来电的对接人即可。"
        "提供即表示您已满 16 周岁并同意。"
    ),
    english=(
        "Our promotion team keeps your name and number only to call you about selling part-time; you may see and delete them. "
        "Are you 16, and do you agree?\n\n"
        "Your data is collected by the region that this promotion team belongs to; its lead answers for it. Your name and phone "
        "number are stored only to talk with you about selling part-time. A representative will call you. If you do not join, "
        "your data is deleted within 90 days after the last contact. You may see, correct or delete it, or withdraw your "
        "consent, at any time: tell the representative who calls. You are at least 16 years old and agree."
    ),
)
FIRST_TEXTS = (_OF_2026_11_26, _OF_2026_11_27, FIRST_TEXT)  # no text is forgotten to which somebody may have agreed
