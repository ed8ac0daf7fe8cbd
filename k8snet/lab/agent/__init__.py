"""What runs inside the private namespaces: it takes one JSON request a line, and gives one JSON reply a line.

A reading order: __main__.py (how it is started), loop.py (the requests), inside.py (namespaces and commands), asking.py (who
listens, and who asks), hearing.py (what is captured meanwhile). It imports only the standard library.
"""
