"""
The tree of refusals. Each carries facts as fields; doors map classes, and nobody parses the text.

FieldopsError
├── BadInput                 what was given cannot be used; names the place and the cure
│   └── RowsRefused          a file was refused as a whole because of its rows (`--strict`)
├── NotFound                 no such street, crew, plan ... in this region
├── Forbidden                this actor may not do that here
├── SignInRefused            login and password do not match, or the link is used up
├── TooManyTries             too many tries of late; wait
├── Conflict                 a rule of domain.md refuses
│   ├── StreetAlreadyClaimed     another crew holds it until a moment
│   ├── CrewCoolingDown          the crew forfeited it and must wait
│   ├── CrewAtCap                the crew holds as many claims as it may
│   ├── StreetReserved           kept for another crew's phone until the end of the day
│   ├── StreetClosed             saturated, paused, closed by hand, or without permission to enter
│   ├── StreetInUse              a change of the map would pull a street from under its claim
│   ├── ClaimNotInForce          the claim has ended already
│   ├── PlanNotPublishable       the plan is unlawful or overtaken by events
│   ├── MoveNotAllowed           a candidate cannot go from this stage to that one
│   ├── RepAtCap                 the rep cares for as many sellers as may be
│   ├── ConsentMissing           no consent, or one to a text that this region never had
│   ├── TrainingFull             every place of the training is taken
│   ├── LastPlanner              nobody could let people in without this account
│   └── RegionWindingDown        the region closes, and this is no longer done
├── ClockRefused             the clock is behind the record, or a time was given where none may be
├── StorageFailed            the disk or the file refuses; nothing was written
├── RecordDamaged            the stored record contradicts itself
├── StepsFailed              steps of a work failed, each for itself; the others are done
└── Stopped                  stopped by the user or the clock; the best result so far is kept
"""

from fieldops.errors.claims import (
    ClaimNotInForce,
    CrewAtCap,
    CrewCoolingDown,
    RegionWindingDown,
    StreetAlreadyClaimed,
    StreetClosed,
    StreetInUse,
    StreetReserved,
)
from fieldops.errors.tree import (
    BadInput,
    ClockRefused,
    Conflict,
    ConsentMissing,
    FieldopsError,
    Forbidden,
    LastPlanner,
    MoveNotAllowed,
    NotFound,
    PlanNotPublishable,
    RecordDamaged,
    RepAtCap,
    RowsRefused,
    SignInRefused,
    StepsFailed,
    Stopped,
    StorageFailed,
    TooManyTries,
    TrainingFull,
)

__all__ = [
    "BadInput",
    "ClaimNotInForce",
    "ClockRefused",
    "Conflict",
    "ConsentMissing",
    "CrewAtCap",
    "CrewCoolingDown",
    "FieldopsError",
    "Forbidden",
    "LastPlanner",
    "MoveNotAllowed",
    "NotFound",
    "PlanNotPublishable",
    "RecordDamaged",
    "RegionWindingDown",
    "RepAtCap",
    "RowsRefused",
    "SignInRefused",
    "StepsFailed",
    "Stopped",
    "StorageFailed",
    "StreetAlreadyClaimed",
    "StreetClosed",
    "StreetInUse",
    "StreetReserved",
    "TooManyTries",
    "TrainingFull",
]
