"""Pages as a real browser loads them."""
