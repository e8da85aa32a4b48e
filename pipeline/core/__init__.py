"""The words everything else speaks: example, record, finding, rule, stage, table, errors, settings."""
