"""Numbers for Prometheus. Needs the extra `metrics`."""
