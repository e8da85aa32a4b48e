"""One exporter a file, found by folder: `FORMAT` in each says what the format holds, and how it is written and read."""
