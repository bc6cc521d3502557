"""What the user writes: schema, YAML and table sources, reading with all problems at once, rules of meaning."""
