"""One file a kind of private data or secret; each gives its `DETECTOR`."""
