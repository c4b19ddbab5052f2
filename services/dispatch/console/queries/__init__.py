"""What the pages show, read from dispatch's tables: one county's, limited, by index."""
