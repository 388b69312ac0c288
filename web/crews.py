"""Crews by the names that people know them by: on pages, and in fields where a crew is named."""

from flask import Flask, g

from fieldops.actions import desk
from fieldops.errors import NotFound
from fieldops.ids import CrewId
from web.regions import the_region
from web.session import current_actor, visitor


def install(app: Flask) -> None:
    """Give templates the names of crews."""
    app.template_global("crew_name")(crew_name)
    app.template_global("crew_labels")(crew_labels)


def crew_name(crew: str | None) -> str:
    """Return the name of a crew; its id where the region does not know it, a dash for none."""
    if crew is None:
        return "–"
    return crew if visitor() is None else _names().get(CrewId(crew), crew)  # whoever is not let in is told no names


def crew_labels() -> dict[CrewId, str]:
    """Return what fields offer for each crew: its name, with the id where two crews share a name."""
    names = _names()
    shared = {name for name in names.values() if sum(other == name for other in names.values()) > 1}
    return {crew: f"{name} ({crew})" if name in shared else name for crew, name in names.items()}


def read_crew(text: str) -> CrewId:
    """
    Return the crew that a field names: as `crew_labels` offers it, or by its id.

    Raises
    ------
    NotFound
        If there is none.
    """
    named = text.strip()
    if CrewId(named) in _names():
        return CrewId(named)
    found = next((crew for crew, label in crew_labels().items() if label == named), None)
    if found is None:
        raise NotFound("crew", named, cure="choose one of the list")
    return found


def _names() -> dict[CrewId, str]:
    if "crew_names" not in g:
        g.crew_names = desk.list_crew_names(the_region(), current_actor())
    names: dict[CrewId, str] = g.crew_names
    return names
