"""The plain way, for comparison: FastAPI, an ORM session, a proxy on httpx. Same work, no tricks."""
