import re
from xml.etree import ElementTree

from fieldops.awareness import A130, R50, CountRule, draw_curve


def test_the_picture_is_well_formed_labelled_and_safe_in_the_dark() -> None:
    root = ElementTree.fromstring(draw_curve(R50))
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"share of people who know", "probability of moving on", "target 20%", "R50", "plain 2 of 10"} <= set(texts)
    assert "prefers-color-scheme:dark" in draw_curve(R50)
    assert "9.9%" in root.find("{http://www.w3.org/2000/svg}desc").text


def test_the_curve_goes_through_the_characteristic() -> None:
    points = re.search(r'class="curve card" points="([^"]+)"', draw_curve(A130)).group(1).split()
    x, y = map(float, points[80].split(","))  # the middle: 20 % of 40 %
    assert x == 64 + (640 - 64 - 24) / 2
    assert abs((400 - 64 - y) / (400 - 48 - 64) - A130.operating_characteristic(0.20).move_on) < 1e-3


def test_a_nameless_card_can_be_drawn() -> None:
    assert "CARD: probability of moving on" in draw_curve(CountRule((10,), (1,), (2,)))
