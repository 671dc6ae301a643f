"""Who can reach the address that the service listens on, and whether it may be left open to them."""

import ipaddress

from acd_service.config import BadConfig, Config


class NotLoopback(BadConfig):
    """Without TLS and credentials the service listens to its own machine only, unless it is told otherwise."""


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach the address.

    Raises:
        BadConfig: it is no address.
    """
    if listen.startswith("unix:"):
        return True
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise BadConfig(f"listen: {listen!r} is not host:port or unix:PATH")
    host = host.removeprefix("[").removesuffix("]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def what_is_missing(config: Config) -> str:
    """What others than this machine would find open: `TLS`, `credentials`, both, or nothing."""
    missing = [] if config.tls.certificate else ["TLS"]
    missing += [] if config.access.is_set else ["credentials"]
    return " and ".join(missing)


def check_exposure(config: Config) -> None:
    """Refuse an address that others than this machine can reach, unless there are TLS and credentials.

    Raises:
        NotLoopback: naming the address and what is missing.
        BadConfig: it is no address, or settings of TLS do not go together.
    """
    if config.tls.certificate == "" and (config.tls.key or config.tls.client_ca):
        raise BadConfig("tls.certificate: it has to be set, since other settings of tls are")
    missing = what_is_missing(config)
    if is_loopback(config.listen) or not missing or config.access.insecure_listen:
        return
    raise NotLoopback(
        f"listen: {config.listen!r} is not a loopback address; without {missing} the service listens to 127.0.0.1, "
        "[::1], localhost or unix:PATH only, unless it is told to do so all the same (access.insecure_listen, "
        "--insecure-listen)"
    )


def warnings_about(config: Config, address: str) -> list[str]:
    """What the log has to say of open doors at each start."""
    missing = what_is_missing(config)
    warnings = []
    if is_loopback(config.listen):
        if not config.access.is_set:
            warnings.append(f"listening on {address}: loopback only, and anybody on it may do all")
    elif missing:
        finds = "can read what others send, keys included" if config.access.is_set else "may do everything"
        warnings.append(f"listening on {address} WITHOUT {missing}, as it was told to: whoever reaches it {finds}")
    if config.metrics.listen and not is_loopback(config.metrics.listen):
        warnings.append(f"metrics are on {config.metrics.listen} without credentials, as it was told to")
    return warnings
