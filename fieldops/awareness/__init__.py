"""How many people know: the test that says move on, the estimate with its interval, and how effort changes it."""
