"""The networks: forward and backward passes, losses, weights, initialization."""
