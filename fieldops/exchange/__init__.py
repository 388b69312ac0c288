"""Files for people: tables, maps and sheets, in and out."""
