"""Rows as Parquet, in blocks that the merge can put together (shared/storage/row_groups.py)."""
