"""The discovery surfaces: where the data plane is, and what clients need to know of this cloud."""
