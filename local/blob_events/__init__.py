"""Tells of new blobs as Event Grid does in Azure: the folders of triggers are listed every now and then."""
