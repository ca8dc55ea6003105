"""The studio surface: pages for people, opened by links that carry their own permission."""
