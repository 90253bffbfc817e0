"""Exit 0 if a server in this container answers 200 at a path: what the health checks run.

python -m deploy.compose.probe PORT PATH
"""

import http.client
import sys

OK = 200
WITHIN = 2


def answers(port: int, path: str) -> bool:
    """Say whether it does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not answers(int(sys.argv[1]), sys.argv[2]))
