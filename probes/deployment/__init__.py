"""What a deployment must know of the watched database, read and never judged here."""
