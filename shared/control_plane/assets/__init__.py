"""Models, data, environments and uploaded code."""
