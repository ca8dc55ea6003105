"""Sends events of new blobs, as Event Grid does in Azure. It lists the folders of triggers again and again."""
