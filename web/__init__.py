"""The web: pages for leads and crews, made by Flask; it asks the acts and nothing else."""
