"""One file per recipe; each enters itself with `@recipe`, and none knows another."""
