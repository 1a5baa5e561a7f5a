"""The networks: forward, loss, one step. They know nothing of files."""
