"""One file per page: its routes, what it shows, what can be done there."""
