"""The translation broadcaster: its Chalice application and the use cases behind it.

Start reading at `routes`; `bootstrap` puts the parts together.
"""
