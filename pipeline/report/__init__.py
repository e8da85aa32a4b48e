"""What came out: the report's numbers, and its page, Markdown and terminal faces."""
