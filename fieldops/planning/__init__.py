"""Who claims what, when, and in which order on foot; every plan with its bound."""
