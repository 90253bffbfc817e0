"""Stands in for a part: answers 200 to everything where the part would listen."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from chassis.config import setting


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def program(part):
    return [sys.executable, "-m", "tests.deploy.stand_in", part]


if __name__ == "__main__":
    host, port = setting(f"SHEGONG_LISTEN_{sys.argv[1].upper()}").split(":")
    HTTPServer((host, int(port)), Answer).serve_forever()
