"""QR posters: the code as SVG that prints sharp at any size and is read from some metres away."""

import io

import segno


def draw_code(address: str) -> str:
    """
    Return the QR code of an address as an SVG element without a size of its own: the page that holds it gives one.

    Error correction Q (a quarter of it may be torn or dirty), quiet zone of 4 modules, black on white.
    """
    code = segno.make_qr(address, error="q")
    drawn = io.BytesIO()
    code.save(
        drawn, kind="svg", border=4, xmldecl=False, svgns=True, nl=False, omitsize=True, light="#fff", dark="#000"
    )
    return drawn.getvalue().decode()
