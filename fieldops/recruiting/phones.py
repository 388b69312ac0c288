"""Phone numbers: one text form (E.164) for one number, and what is shown of it."""

import re
import unicodedata

import phonenumbers

from fieldops.errors import BadInput
from fieldops.said import Said

HOME = "CN"
_MAINLAND_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})", re.ASCII)
_FILLING = re.compile(r"[\s().\-‐-―·/]+")
LONGEST = 40
_CURE = Said("give a mobile number such as 138 0013 8000, or one with its country code such as +44 7911 123456")
_MOBILE = {
    phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER, phonenumbers.PhoneNumberType.UNKNOWN,
}  # fmt: skip


def read_mobile(text: str, *, country: str = HOME) -> str:
    """
    Return the number of one person in E.164; see `read_phone`.

    A landline belongs to a household or a shop: one number would not be one person (rule 17), and a seller works on a mobile.

    Raises
    ------
    BadInput
        If it is no phone number that can exist, or surely that of a landline, a hotline or a service.
    """
    phone = read_phone(text, country=country)
    if not _MAINLAND_MOBILE.fullmatch(phone) and phonenumbers.number_type(phonenumbers.parse(phone)) not in _MOBILE:
        raise BadInput(Said("is no mobile number: one person is one number"), field="phone", cure=_CURE)
    return phone


def read_phone(text: str, *, country: str = HOME) -> str:
    """
    Return a phone number in E.164, such as +8613800138000.

    Full-width digits and signs between digits are accepted; digits of other scripts are not.

    Parameters
    ----------
    text
        What somebody wrote.
    country
        ISO 3166 code of the country meant where no country code is written.

    Raises
    ------
    BadInput
        If it is no phone number that can exist.
    """
    plain = _FILLING.sub("", unicodedata.normalize("NFKC", text[: LONGEST + 1]))
    if not plain:
        raise BadInput(Said("the phone number is missing"), field="phone", cure=_CURE)
    if len(text) > LONGEST or not re.fullmatch(r"\+?[0-9]+", plain, re.ASCII):
        raise BadInput(Said("is no phone number"), field="phone", cure=_CURE)
    mainland = _MAINLAND_MOBILE.fullmatch(plain)
    if mainland and country == HOME:
        return f"+86{mainland[1]}"
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        raise BadInput(Said("is no phone number"), field="phone", cure=_CURE) from None
    if not phonenumbers.is_valid_number(number):
        raise BadInput(Said("is no phone number that exists"), field="phone", cure=_CURE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(phone: str) -> str:
    """Return what may be shown of an E.164 number: 138****8000, its last four digits and what says the network."""
    home = phone.removeprefix("+86")
    if len(home) == 11 and home != phone:
        return f"{home[:3]}****{home[-4:]}"
    return f"{phone[:4]}****{phone[-2:]}"


def spell_phone(phone: str) -> str:
    """Return an E.164 number as people read and dial it: 138 0013 8000, or with its country code."""
    home = phone.removeprefix("+86")
    if len(home) == 11 and home != phone:
        return f"{home[:3]} {home[3:7]} {home[7:]}"
    number = phonenumbers.parse(phone)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def plain_phone(phone: str) -> str:
    """Return an E.164 number in digits alone, as `read_phone` reads it back: a spreadsheet would calculate with a +."""
    home = phone.removeprefix("+86")
    return home if len(home) == 11 and home != phone else "00" + phone.removeprefix("+")
