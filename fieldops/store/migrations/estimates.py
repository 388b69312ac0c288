"""Of the hours to the target, too, the 80 % interval is kept (rule 12)."""

HOURS = """
ALTER TABLE estimate ADD COLUMN hours_low REAL;
ALTER TABLE estimate ADD COLUMN hours_high REAL
"""
