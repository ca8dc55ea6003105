"""The local scale set: for each compute a set of instances, which are scorer node processes of this machine."""
