"""The town as a frozen value: streets, compounds, venues, the walkable graph, triangles and zones."""
