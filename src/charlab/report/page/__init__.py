"""The live part of report/index.html: the run's own networks, and JavaScript that runs them."""
