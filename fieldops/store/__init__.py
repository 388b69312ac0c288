"""The memory: everything that touches the database file."""
