"""A Functions host for one laptop: runs function_app.py and host.json of production unchanged."""
