"""Starting, recognising and ending the processes of the local stack."""
