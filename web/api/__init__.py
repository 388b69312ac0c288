"""The pages of programs."""

from web.api import pages

ROOMS = (pages,)
