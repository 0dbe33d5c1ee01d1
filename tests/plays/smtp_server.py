"""A mail server for the plays: takes letters on loopback and writes each into a folder as it came.

usage: smtp_server.py FOLDER [PORT [NAME PASSWORD]]      prints its port, and ends with its standard input
nobody@… is refused, busy@… is told to come back once, and slow@… never gets an answer.
"""

import asyncio
import json
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder = Path(sys.argv[1])
port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
login = LoginPassword(sys.argv[3].encode(), sys.argv[4].encode()) if len(sys.argv) > 4 else None


class Letters:
    """Keeps what comes in."""

    def __init__(self):
        self.count = 0
        self.told_busy = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        (folder / "asked").open("a").write(address + "\n")
        if address.startswith("nobody@"):
            return "550 5.1.1 there is no such mailbox"
        if address.startswith("busy@") and address not in self.told_busy:
            self.told_busy.add(address)
            return "451 4.3.0 come back in a moment"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("slow@") for address in envelope.rcpt_tos):
            await asyncio.Event().wait()
        self.count += 1
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("ascii"),
            "login": session.authenticated,
        }
        # Moved into place whole: the play reads the folder while letters come in.
        being_written = folder / "being_written"
        being_written.write_text(json.dumps(letter))
        being_written.rename(folder / f"{self.count}.json")
        return "250 kept"


def check(server, session, envelope, mechanism, given):
    return AuthResult(success=given == login)


async def main():
    loop = asyncio.get_running_loop()
    letters = Letters()
    options = {"authenticator": check, "auth_required": True, "auth_require_tls": False} if login else {}
    server = await loop.create_server(lambda: SMTP(letters, hostname="plays", loop=loop, **options), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
