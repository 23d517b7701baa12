"""The built-in pages: the frame around them, and what each shows."""
