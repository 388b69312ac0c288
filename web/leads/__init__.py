"""The pages of planners and leads."""
