"""Every picture: each function returns a matplotlib Figure."""
