"""Everything online: the HTTP API and its store."""
