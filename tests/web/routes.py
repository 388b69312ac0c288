"""Every route of the application with an address to ask for, for tests that leave none out."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from tests.desk_town import CREWS

OWN, OTHER = "C1", "C2"  # crews of the planned town
assert len(CREWS) > 2

# A value for each argument of a route, by its name; "crew" is set by the test.
SAMPLES: dict[str, str] = {
    "filename": "page.css",
    "form": "csv",
    "incident": "none",
    "invitation": "none",
    "job": "none",
    "key": "1",
    "layer": "streets",
    "candidate": "none",
    "account": "none",
    "appeal": "none",
    "backup": "none",
    "claim": "none",
    "code": "none",
    "name": "none",
    "order": "1",
    "plan": "plan1",
    "release": "none",
    "record": "none",
    "promoter": "none",
    "rep": "none",
    "street": "R00",
    "training": "none",
    "table": "claims",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One view with one method, and its address for a crew."""

    endpoint: str
    method: str
    rule: Rule

    def address(self, crew: str = OWN) -> str:
        values = {name: crew if name == "crew" else SAMPLES.get(name) for name in self.rule.arguments}
        missing = [name for name, value in values.items() if value is None]
        assert not missing, f"give tests/web/routes.py a sample for {missing} of {self.endpoint}"
        built = self.rule.build(values)
        assert built is not None, self.endpoint
        return built[1]


def routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(rule.endpoint, method, rule)
