"""What the endpoint does over HTTP: reading requests, knowing callers, sending answers."""
