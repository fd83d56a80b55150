"""Sessions and who is in them: open, join, change language, leave, end.

Read `sessions`. It changes the Connections table; the counts follow by its stream (`rosters`).
"""
