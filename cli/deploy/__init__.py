"""What creating an endpoint takes: local checks, assets, resources, and the way back."""
