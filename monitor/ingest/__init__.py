"""What others send in: who may, how much of it, and how it reaches the store."""
