"""What the node tells about itself: progress, heartbeat, logs, failures."""
