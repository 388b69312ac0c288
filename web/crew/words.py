"""The words that the phone's script says, in the reader's language; kinds, outcomes and reasons by their codes."""

from flask_babel import gettext


def phone_words() -> dict[str, str]:
    """Return every word that the script needs, by its code."""
    return {**_outcomes(), **_reasons(), **_sentences(), **_of_before()}


def _of_before() -> dict[str, str]:
    """Return what pages of earlier versions still ask for, whose scripts take these words in while they stay open."""
    return {
        "lostRace": gettext("{holder} has {label} until {until}."),
        "noConsent": gettext("Read the text out and ask first."),
    }


def _outcomes() -> dict[str, str]:
    return {
        "not_home": gettext("Not home"), "refused": gettext("Refused"), "knows_already": gettext("Knows already"),
        "interested": gettext("Interested"), "signed_up": gettext("Signed up"), "come_back": gettext("Come back"),
        "no_access": gettext("No access"), "do_not_contact": gettext("Do not contact"),
        "poster_placed": gettext("Poster placed"), "talked": gettext("Talked"), "closed": gettext("Closed now"),
        "not_allowed": gettext("Not allowed"), "knows": gettext("Knows"), "does_not_know": gettext("Does not know"),
        "survey": gettext("Survey"), "contact": gettext("Contact"), "visit": gettext("Venue visit"),
        "hours": gettext("Hours"), "sign_up": gettext("Sign-up"), "claim": gettext("Wish for a street"),
        "withdrawal": gettext("Street given up"), "undo": gettext("Undone"), "appeal": gettext("Appeal"),
        "incident": gettext("Incident"), "city_management": gettext("City officers came"), "turned_away": gettext("Turned away"),
        "complaint": gettext("Complaint"), "police": gettext("Police came"), "injury": gettext("Somebody is hurt"),
        "danger": gettext("Danger"), "other": gettext("Something else"), "noPlace": gettext("At none of my streets"),
        "lesson": gettext("Skill learned"), "poster": gettext("Placing a poster"), "talk": gettext("Opening a talk"),
        "card": gettext("Asking with the card"), "seller": gettext("A seller's first steps"),
    }  # fmt: skip


def _reasons() -> dict[str, str]:
    return {
        "r.malformed": gettext("Something in it cannot be right."),
        "r.id_reused": gettext("Another record has its number."),
        "r.unknown_place": gettext("The map does not have this place any more."),
        "r.unknown_promoter": gettext("The server does not know who recorded it."),
        "r.other_crew": gettext("It was recorded by somebody of another crew."),
        "r.not_working_then": gettext("Whoever recorded it was not in the crew on that day."),
        "r.quarantined": gettext("Your surveys are being looked into. Ask your lead."),
        "r.future_day": gettext("That day has not come yet."),
        "r.not_allowed": gettext("Your crew's lead does that."),
        "r.too_old": gettext("The wish was of another day."),
        "r.claim_ended": gettext("The claim had ended already."),
        "r.claimed": gettext("Another crew has it."),
        "r.reserved": gettext("It is kept for another crew's phone."),
        "by.claimed": gettext("{holder} has {label} until {until}."),
        "by.reserved": gettext("{label} is kept for {holder} until the end of the day ({until})."),
        "r.cooling_down": gettext("Your crew let it go and has to wait."),
        "r.at_cap": gettext("Your crew holds as many streets as it may."),
        "r.street_closed": gettext("The street is closed: it is saturated or paused, or nobody may enter."),
        "r.cannot_be_undone": gettext("This stays as it was recorded. Hours are corrected by new ones."),
        "r.other_promoter": gettext("Only who recorded it can undo it."),
        "r.other_measurement": gettext("It does not fit the measurement that it names."),
        "r.unknown_key": gettext("It is sealed to a key that the server no longer has. Keep it and tell your lead."),
        "r.unknown_consent": gettext("The consent text is not known. Write the sign-up again."),
        "r.winding_down": gettext("The region takes nobody new any more."),
    }


def _sentences() -> dict[str, str]:
    return {
        "undo": gettext("Undo"), "saved": gettext("Saved: {what}"), "undone": gettext("Undone."),
        "lost": gettext("NOT saved! The phone's storage is full. Free some space, then tap again."),
        "next": gettext("Next: {label}"), "nextDoor": gettext("Next door"), "nextVenue": gettext("Next venue"),
        "day": gettext("{n} d left"), "hour": gettext("{n} h left"), "over": gettext("ended"),
        "ended": gettext("Signed out"), "online": gettext("All sent"), "waiting": gettext("{n} not sent"), "old": gettext("oldest: {age}"),
        "minutes": gettext("{n} min"), "hoursAge": gettext("{n} h"), "never": gettext("never"), "ago": gettext("{age} ago"),
        "e.offline": gettext("No network. Nothing is lost: it is sent when the network is back."),
        "e.portal": gettext("This network wants you to sign in first (Wi-Fi page). Nothing is lost."),
        "e.signin": gettext("You are signed out. Nothing is lost: let your lead show you a new code and come in again."),
        "e.forbidden": gettext("The server refuses this phone. Nothing is lost: show it to your lead."),
        "e.busy": gettext("The server is busy. It is tried again soon."),
        "e.wait": gettext("The server asks for a pause until {at}. Nothing is lost: it is sent then."),
        "e.server": gettext("The server has a problem ({code}). It is tried again soon."),
        "gone": gettext("The browser lost {n} records that were not sent: its storage was cleared. Tell your lead now."),
        "wiped": gettext("The browser's storage was cleared. Nothing was waiting to be sent."),
        "askMore": gettext("Ask the next {n} who pass. Do not choose."), "asked": gettext("{n} asked"),
        "notAsked": gettext("Not asked"),
        "crowd": gettext("Five here within 20 minutes are enough: go to another corner, or let a team-mate ask."),
        "another": gettext("Ask one more at another corner, or let a team-mate ask."),
        "pushOn": gettext("The card says: push on. Work the streets, then ask again."),
        "small": gettext("Few people live here: the connection point decides, or enough people who know or whom you told."),
        "thanks": gettext("Thank you! {label} knows enough. Leave now."),
        "go": gettext("Take {label}"), "wish": gettext("Asking for {label} ..."),
        "yours": gettext("{label} is yours until {until}."),
        "wait": gettext("No network: only the server gives streets. {label} is kept for you today: go there."),
        "waitFree": gettext("No network: the wish is sent when it is back."),
        "opens": gettext("Possible again from {until}."),
        "nothing": gettext("No street is near. Ask your lead."),
        "dnc": gettext("{door} asked not to be contacted. Go on to the next door."),
        "again": gettext("This person had signed up before: thank them, nothing more is needed."),
        "sealed": gettext("Saved and sealed. Only the server can read it."),
        "insecure": gettext("Sealing needs a secure address (https). Write it on paper and tell your lead."),
        "badPhone": gettext("That is no mobile number."),
        "noName": gettext("The name is missing."), "badDoor": gettext("Write building-unit-room, such as 12-3-502."),
        "persisted": gettext("Works without network; the browser keeps it."),
        "offlineOk": gettext("Works without network."), "onlineOnly": gettext("Works online only in this browser."),
        "notOurs": gettext("None of these streets is your crew's now. Your list stays as it is."),
        "taken": gettext("You took the list over: it is in your team-mate's order now."),
        "takeBack": gettext("Take back"),
        "appealed": gettext("Your appeal is on its way."), "point": gettext("Connection point near {label}"),
        "marked": gettext("Kept, marked: {marks}"), "m.late": gettext("late"), "m.clock": gettext("clock"),
        "m.far": gettext("position far away"), "m.street_gone": gettext("street gone from the map"),
        "m.do_not_contact": gettext("had asked not to be contacted"), "m.long_day": gettext("a very long day"),
        "newVersion": gettext("New version: load it"), "signOutFirst": gettext("Send everything first."),
        "signOutLater": gettext("You are still signed in: signing out needs network. The day stays on this phone."),
        "signOutSlow": gettext(
            "No answer came. Sign out again where the network is better: until then you may still be signed in, and the day stays on this phone."
        ),
        "learned": gettext("Kept: your crew and your lead see it."),
        "needHours": gettext("Choose more than 0 hours."),
        "really": gettext("{n} hours in one day: really? Your lead sees the mark."),
    }  # fmt: skip
