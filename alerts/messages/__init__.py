"""What people read, or hear, of alerts."""
