"""Which streets lie at a node: for what spills over from one street to the next."""

INDEXES = """
CREATE INDEX segment_from ON segment (from_node);
CREATE INDEX segment_to ON segment (to_node);
CREATE INDEX gate_street ON gate (street_id);
CREATE INDEX gate_node ON gate (node)
"""
