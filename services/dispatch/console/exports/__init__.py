"""Lists as files: a list declares its columns once, and all its rows go into CSV or Excel."""
