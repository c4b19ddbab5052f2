"""Use cases of dispatch. Each: load, decide, change, record. The entry points commit."""
