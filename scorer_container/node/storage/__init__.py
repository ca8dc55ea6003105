"""The node's asynchronous client of Azure Storage: only the calls it makes, one connection pool for each service."""
