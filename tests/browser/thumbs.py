"""What a thumb does on a crew's phone, the same in every test: open a view, ask and decide, sign somebody up."""

from playwright.sync_api import Page, expect

NAME, NUMBER = "王小明", "13812345678"


def go(page: Page, view: str) -> None:
    """Open a view by its address, such as `street=S0`."""
    page.evaluate("view => { location.hash = view; }", view)
    expect(page.locator(f"#v-{view.split('=')[0]}")).to_be_visible()


def ask(page: Page, *, corner: str = "", answer: str = "Knows") -> None:
    """Ask somebody who passes; minutes lie between two answers and not between ours, so that it is no double tap."""
    if corner:
        page.get_by_label(corner, exact=True).check()
    page.get_by_role("button", name=answer, exact=True).dispatch_event("click")


def decide(page: Page) -> None:
    """Ask two people who know, at two corners: by the plain rule the phone says to leave."""
    for corner in "AB":
        ask(page, corner=corner)
    expect(page.locator("#thanks")).to_contain_text("Leave now")
    expect(page.locator("#v-moveon")).to_be_visible()


def write_sign_up(page: Page, *, name: str = NAME, number: str = NUMBER) -> None:
    """Open the form and write a person into it."""
    go(page, "signup")
    page.get_by_label("Mobile number").fill(number)
    page.get_by_label("Name of the person").fill(name)


def sign_up(page: Page, *, name: str = NAME, number: str = NUMBER) -> None:
    """Sign a person up, sealed."""
    write_sign_up(page, name=name, number=number)
    page.get_by_role("button", name="Save and seal").dispatch_event("click")
    expect(page.locator(".toast")).to_contain_text("sealed")
