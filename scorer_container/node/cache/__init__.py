"""What the nodes of a machine keep on its disk between jobs, and who may use it when."""
