"""A mail server for the plays: takes letters on loopback and writes each into a folder as it came.

usage: smtp_server.py FOLDER [PORT [NAME PASSWORD]]      prints its port, and ends with its standard input
TLS=starttls or TLS=smtps in the environment: with the key and the certificate in FOLDER, server.key and server.pem
nobody@… is refused, relayed@… too for where it comes from, busy@… is told to come back once, and slow@… never gets an answer.
"""

import asyncio
import json
import os
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder = Path(sys.argv[1])
port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
login = LoginPassword(sys.argv[3].encode(), sys.argv[4].encode()) if len(sys.argv) > 4 else None


def tls():
    """What the server shows of itself, where it has something to show."""
    if "TLS" not in os.environ:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


class Letters:
    """Keeps what comes in."""

    def __init__(self):
        self.count = 0
        self.told_busy = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        (folder / "asked").open("a").write(address + "\n")
        if address.startswith("nobody@"):
            return "550 5.1.1 there is no such mailbox"
        if address.startswith("relayed@"):
            return "550 5.7.1 relaying denied"
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
            "tls": session.ssl is not None or from_the_start is not None,
        }
        # Moved into place whole: the play reads the folder while letters come in.
        being_written = folder / "being_written"
        being_written.write_text(json.dumps(letter))
        being_written.rename(folder / f"{self.count}.json")
        return "250 kept"


from_the_start = tls() if os.environ.get("TLS") == "smtps" else None


def check(server, session, envelope, mechanism, given):
    return AuthResult(success=given == login)


async def main():
    loop = asyncio.get_running_loop()
    letters = Letters()
    options = {"authenticator": check, "auth_required": True, "auth_require_tls": False} if login else {}
    if os.environ.get("TLS") == "starttls":
        options |= {"tls_context": tls(), "require_starttls": True}
    make = lambda: SMTP(letters, hostname="plays", loop=loop, **options)
    server = await loop.create_server(make, "127.0.0.1", port, ssl=from_the_start)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
