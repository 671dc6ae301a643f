"""`acd health`: one standard health check, for probes of containers and for scripts."""

import click
from grpc_health.v1 import health_pb2, health_pb2_grpc

from acd_service.cli.connection import Service, connect, server_option
from acd_service.cli.terminal import EXIT_FAILED, example, results


@click.command("health", epilog=example("acd health", "acd health --server localhost:7007 --tls-ca ca.pem"))
@server_option
@click.option(
    "--timeout", type=click.FloatRange(0.1, 60), default=5.0, show_default=True, help="Seconds to wait for the answer."
)
@click.pass_context
def health_command(context: click.Context, server: Service, timeout: float) -> None:
    """Ask a service whether it takes calls. Needs no credentials.

    Exit status 0 if it does, 1 if it does not or does not answer.
    """
    with connect(server) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=timeout)
    results().print(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status).lower())
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        context.exit(EXIT_FAILED)
