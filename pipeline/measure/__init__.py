"""Facts about each example, apart from judging them."""
