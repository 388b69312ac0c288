"""The fields that refusals point at, called as their forms call them; columns of files keep the name that the file has."""

from flask import get_template_attribute
from flask_babel import gettext

from fieldops.rules import MEANINGS


def field_name(field: str) -> str:
    """Return how people call a field: an option of the command line or a form's field; else the column as it is written."""
    name = field.removeprefix("--").replace("-", "_")
    if name in MEANINGS:
        return str(get_template_attribute("leads/cards.html", "setting")(name)).strip()
    return _names().get(name, name)


def _names() -> dict[str, str]:
    return {
        "address": gettext("Address"), "after": gettext("Stage"), "at": gettext("Moment"), "backup": gettext("Backup"),
        "begin": gettext("Beginning"), "boundary": gettext("Boundary"), "capacity": gettext("Places"), "channel": gettext("Channel"),
        "city": gettext("City"), "close_days": gettext("Days closed"), "consent": gettext("Consent"), "contacts": gettext("Contacts"),
        "coordinates": gettext("Coordinates"), "count": gettext("How many"), "crew": gettext("Crew"), "date": gettext("Day"),
        "day": gettext("Day"), "days": gettext("Days"), "door": gettext("Door"), "due_at": gettext("Call again"),
        "ends_at": gettext("End"), "fair": gettext("Fairness"), "file": gettext("File"), "finish": gettext("Finishes"), "first": gettext("First day"),
        "form": gettext("Form"), "from": gettext("From"), "groups": gettext("Groups"), "hours": gettext("Hours"),
        "income": gettext("Income"), "item": gettext("What"), "keep": gettext("Streets kept"), "kind": gettext("Kind"),
        "label": gettext("Name"), "layer": gettext("Layer"), "language": gettext("Language"), "lat": gettext("Latitude"), "lon": gettext("Longitude"), "languages": gettext("Languages"), "login": gettext("Login"),
        "map": gettext("Map"), "measurement": gettext("Measurement"), "merged": gettext("The other row"), "name": gettext("The name"),
        "note": gettext("Note"), "outcome": gettext("Outcome"), "p0": gettext("should push on at"), "p1": gettext("should move on at"), "alpha": gettext("wrongly on, at most"), "beta": gettext("wrongly stay, at most"), "password": gettext("Password"), "people": gettext("Number of people"),
        "permission": gettext("Permission to enter"), "phone": gettext("Phone number"), "points": gettext("Points"),
        "priority": gettext("Priority"), "promoter": gettext("Promoter"), "reason": gettext("Reason"), "residents": gettext("Residents"),
        "role": gettext("Role"), "seconds": gettext("Seconds of search"), "seed": gettext("Seed"), "share": gettext("Share"), "speed": gettext("Speed"), "stage": gettext("Stage"),
        "start": gettext("Beginning"), "starts_at": gettext("Beginning"), "steps": gettext("Steps"), "street": gettext("Street"),
        "streets": gettext("Streets"), "sure": gettext("Box to tick"), "target": gettext("Target"), "text": gettext("Text"),
        "threshold": gettext("Target"), "training": gettext("Training"), "triangle": gettext("Triangle"), "until": gettext("Until"), "url": gettext("Address"),
        "venue": gettext("Venue"), "what": gettext("What"), "within": gettext("Which claims"), "state": gettext("State"), "measured": gettext("Awareness"), "sort": gettext("Order"),
        "order": gettext("Order"), "down": gettext("Order"), "by": gettext("By what"), "verdict": gettext("Verdict"), "quarantined": gettext("Quarantine"), "page": gettext("Page"),
        "last": gettext("Last day"), "source": gettext("Source"), "group": gettext("Group"), "due": gettext("Call"), "ended": gettext("Page"), "crews": gettext("Page"), "attendance": gettext("Page"), "promoters": gettext("Page"), "why": gettext("Reason"), "zone": gettext("Zone"),
    }  # fmt: skip
