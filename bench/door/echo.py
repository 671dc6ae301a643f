"""The limit of the transport: an empty `grpc.aio` service that answers every call with the same bytes.

It decodes nothing, has no interceptor, and runs on the same event loop and with the same options as the service.
"""

import argparse
import sys
from typing import Any

import grpc
import grpc.aio
import uvloop

METHOD = "/acd.bench.Echo/Echo"


async def _serve(answer_bytes: int) -> None:
    answer = b"\x01" * answer_bytes

    async def echo(request: Any, context: Any) -> bytes:  # noqa: ARG001
        return answer

    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    handler: Any = grpc.unary_unary_rpc_method_handler(echo)
    service, method = METHOD[1:].split("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.door.echo")
    parser.add_argument("--answer-bytes", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().answer_bytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
