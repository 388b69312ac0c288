"""The pages of phones of crews."""

from web.crew import phone

ROOMS = (phone,)
