"""The planner's test bench: whole campaigns on a hidden truth, run by the real acts."""
