"""A Functions host for one laptop. It runs the function_app.py and host.json of production unchanged."""
