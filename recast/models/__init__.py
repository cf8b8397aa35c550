"""Models by name, and fitted models from their files."""
