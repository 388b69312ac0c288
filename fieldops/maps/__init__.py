"""Map files of any usual format, read safely: OpenStreetMap, GeoPackage, GeoJSON, Shapefile."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldops.maps.layers import read_layer
    from fieldops.maps.reading import read_map

__all__ = ["read_layer", "read_map"]


def __getattr__(name: str) -> Any:
    if name == "read_map":
        from fieldops.maps.reading import read_map

        return read_map
    if name == "read_layer":
        from fieldops.maps.layers import read_layer

        return read_layer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
