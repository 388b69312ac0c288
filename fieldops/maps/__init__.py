"""Map files of any usual format, read safely: OpenStreetMap, GeoPackage, GeoJSON, Shapefile."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldops.maps.layers import read_layer as read_layer
    from fieldops.maps.reading import map_lines as map_lines
    from fieldops.maps.reading import read_city as read_city
    from fieldops.maps.reading import read_map as read_map

_ROOM_OF_NAME = {"read_map": "reading", "read_city": "reading", "map_lines": "reading", "read_layer": "layers"}
__all__ = list(_ROOM_OF_NAME)


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF_NAME[name]}"), name)
