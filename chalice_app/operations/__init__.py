"""What an operator sees of a stage.

Read `operations`. Only the routes import it.
"""
