"""What is in a catalog, what stands out, and what it shares with others."""
