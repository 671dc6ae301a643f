"""Tells systemd that the service is ready, if it was started by a unit of `Type=notify`."""

import os
import socket


def say_ready() -> None:
    """One datagram to the socket that systemd names (sd_notify(3)); without one nothing is done."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        notify.connect("\0" + address[1:] if address.startswith("@") else address)
        notify.sendall(b"READY=1")
