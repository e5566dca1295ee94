"""The status and preview page. Needs the extra `web`."""
