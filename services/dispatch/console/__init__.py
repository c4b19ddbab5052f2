"""The web console: what a county's water centre sees and does, in a browser.

It reads dispatch's own tables, changes work orders through dispatch's own handlers, and asks
intake and reply over HTTP for what only they have. See README.md in this folder.
"""
