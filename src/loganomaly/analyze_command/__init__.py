"""``loganomaly --input PATH --output DIR``: its options, and the run."""
