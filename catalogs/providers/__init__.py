"""Getting catalogs from the providers: what is known of them, downloads, queries, rules."""
