"""The room `remember`: what one run leaves for the next, and when it may be believed."""
