"""Telling staff outside the console: queue a message, send it once, act on a pressed button."""
