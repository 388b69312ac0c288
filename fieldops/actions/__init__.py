"""The acts: allow, load, decide, save, each in one write turn."""
