"""Phone numbers become one form, names are names of any script, and both are found by what people type."""

import pytest

from fieldops.errors import BadInput
from fieldops.recruiting.names import matches, query_words, read_person_name, search_words
from fieldops.recruiting.phones import mask_phone, plain_phone, read_mobile, read_phone, spell_phone

NAMES = [
    "王小明", "欧阳娜娜", "买买提·吐尔逊", "Ana María", "O'Neil", "Jean-Luc", "Nguyễn Văn An", "Иван Петров", "Γιώργος",
    "محمد علي", "דוד כהן", "राम कुमार", "সুমন", "ராமன்", "สมชาย", "김민수", "山田太郎", "さくら", "ლევან", "Հայկ",
    "ብሩክ", "བསྟན་འཛིན", "ᠮᠣᠩᠭᠣᠯ", "ꆈꌠ", "ئادىل", "Łukasz", "Þór", "Çağla", "Ștefan", "Žofia", "Nǐ Hǎo", "ಕುಮಾರ್",
    "ലക്ഷ്മി", "తెలుగు", "සුනිල්", "ဇော်", "ខ្មែរ", "ລາວ", "मनीषा", "Ólafur",
]  # fmt: skip


@pytest.mark.parametrize("written", [
    "13800138000", "138 0013 8000", "138-0013-8000", "+86 138 0013 8000", "0086 13800138000", "8613800138000",
    "１３８００１３８０００", " 138.0013.8000 ", "(138)00138000",
])  # fmt: skip
def test_every_usual_writing_of_a_number_is_the_same_number(written: str) -> None:
    assert read_phone(written) == "+8613800138000"


def test_numbers_of_other_countries_are_kept_with_their_code() -> None:
    assert read_phone("+44 20 7946 0958") == "+442079460958"
    assert read_phone("+852 9123 4567") == "+85291234567"


@pytest.mark.parametrize("wrong", [
    "", "   ", "12345", "13800", "+", "0", "12800138000", "١٣٨٠٠١٣٨٠٠٠", "138001380001", "phone", "<script>", "+999123456",
    "1" * 400, "13800138000;DROP", "=1+1",
])  # fmt: skip
def test_what_is_no_number_is_refused_with_a_cure(wrong: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_phone(wrong)
    assert refusal.value.field == "phone"
    assert "mobile number" in refusal.value.cure


@pytest.mark.parametrize("landline", ["0571 8888 8888", "010-62345678", "400 800 8888", "+44 20 7946 0958", "95588"])
def test_a_landline_or_a_hotline_is_a_number_but_no_persons(landline: str) -> None:
    with pytest.raises(BadInput, match="mobile") as refusal:
        read_mobile(landline)
    assert refusal.value.field == "phone"


@pytest.mark.parametrize(
    "mobile", ["13800138000", "170 0013 8000", "+852 9123 4567", "+1 212 555 0123", "+44 7911 123456"]
)
def test_a_mobile_number_or_one_that_may_be_one_is_taken(mobile: str) -> None:
    assert read_mobile(mobile) == read_phone(mobile)


@pytest.mark.parametrize("number", ["+8613800138000", "+447911123456", "+85291234567"])
def test_a_number_in_digits_alone_is_read_back_as_itself(number: str) -> None:
    assert plain_phone(number).isdigit()
    assert read_phone(plain_phone(number)) == number


def test_a_masked_number_shows_the_last_four_digits_and_no_more_than_seven() -> None:
    assert mask_phone("+8613800138000") == "138****8000"
    assert mask_phone("+442079460958") == "+442****58"
    assert spell_phone("+8613800138000") == "138 0013 8000"
    assert spell_phone("+442079460958") == "+44 20 7946 0958"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_is_a_name_and_is_found_by_itself(name: str) -> None:
    read = read_person_name(name)
    assert read
    assert all(word in search_words(read, "+8613800138000") for word in query_words(read))


@pytest.mark.parametrize("wrong", [
    "", " \t ", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "{{7*7}}", "123", "王1", "http://x", "a" * 61, "\u202e", "😀",
    "a" + "\u0301" * 9, "@SUM(1)", "+8613800138000", "'; DROP TABLE person;--", "\x00",
])  # fmt: skip
def test_what_is_no_name_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_person_name(wrong)
    assert refusal.value.field == "name"


def test_signs_that_turn_a_page_around_are_taken_out_of_a_name() -> None:
    assert read_person_name("王\u202e小\u200b明") == "王小明"


@pytest.mark.parametrize(
    "typed", ["王", "小明", "王小明", "wang", "WANG", "xiaoming", "wangx", "wangxi", "wxm", "xm", "ming", "8000", "王 8000", "王xm"],
)  # fmt: skip
def test_a_chinese_name_is_found_by_its_parts_by_pinyin_by_initials_and_by_the_last_four_digits(typed: str) -> None:
    assert matches(query_words(typed), "王小明", "+8613800138000")


@pytest.mark.parametrize("typed", ["李", "明王", "wag", "ang", "138", "wxx", "王 0000"])
def test_what_a_name_does_not_hold_does_not_find_it(typed: str) -> None:
    assert not matches(query_words(typed), "王小明", "+8613800138000")


def test_words_of_other_scripts_are_found_without_their_accents() -> None:
    assert matches(query_words("nguyen van"), "Nguyễn Văn An", "+8613800138000")
    assert matches(query_words("oneil"), "O'Neil", "+8613800138000")
